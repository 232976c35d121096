# Decisions and pushes in words. Codes come from the deciding function, the last gate and the journal.
why-title = Why this price
why-decided = decided
why-none = The robot has not checked this product yet. The first check comes within minutes, if the store is connected and automatic prices are on.
why-none-floor = There is no floor, so the robot leaves the price alone. Enter one in the price settings.
why-none-off = The robot is off for this product. Switch it on in the price settings.
why-not-set = not set
why-market = Read the card
why-market-complete = The whole list, offers: { $offers }, age { $age }
why-market-incomplete = Not the whole list, offers read: { $offers }, age { $age }
why-rivals = Chose the rivals
why-rivals-text = Counted: { $n }, best price { $best }
why-rivals-none = Not one rival counts
why-target = target { $price }
why-end-change = Decided to change the price
why-end-shadow = Computed in the shadow
why-end-shadow-text = The store is in shadow mode: computed, not sent
why-end-suggestion-text = The rule only suggests at this hour: computed, not sent
why-end-keep = The price stays
why-end-hold = Held the price
why-end-hold-text = The robot comes back at the next check
why-end-refuse = No price change
why-end-refuse-text = Correct the limits and the robot computes again
reason-unknown = Step { $code }
reason-INVALID_INPUT = The data is wrong
reason-INVALID_INPUT-text = The value “{ $field }” is out of range: the price is left alone
reason-STRATEGY_UNAVAILABLE = The strategy is not available
reason-STRATEGY_UNAVAILABLE-text = This version does not know the strategy “{ $kind }”, or the rule cannot be read: the price is left alone
reason-NO_FLOOR = No floor
reason-NO_FLOOR-text = Without a floor the robot leaves the price alone
reason-INVERTED_LIMITS = The floor is above the ceiling
reason-INVERTED_LIMITS-text = Floor { $floor }, ceiling { $ceiling }: correct the limits
reason-EMPTY_SAFE_SET = No safe price
reason-EMPTY_SAFE_SET-text = No permitted price between floor { $floor } and ceiling { $ceiling }
reason-NO_ECONOMICS = Costs are not known
reason-NO_ECONOMICS-text = A price by margin needs unit cost and commission
reason-LOCKED = The product is locked
reason-LOCKED-text = Hands off until { $until }
reason-OUT_OF_STOCK = Out of stock
reason-OUT_OF_STOCK-text = While there is no stock the price stays
reason-NO_EVIDENCE = The card was not read
reason-NO_EVIDENCE-text = Without fresh offers the robot does not decide
reason-STALE_MARKET = The data is old
reason-STALE_MARKET-text = The list of offers is too old, waiting for a new one
reason-BOUND_REPAIR = Brought the price back inside its limits
reason-BOUND_REPAIR-text = Floor { $floor }, ceiling { $ceiling }
reason-QUIET_HOURS = Quiet hours
reason-QUIET_HOURS-text = By the rule the price rests until { $until }
reason-SUGGESTIONS_ONLY = Suggestions only
reason-SUGGESTIONS_ONLY-text = By the rule nothing is sent until { $until }
reason-NIGHT_RESET = Out of the price war by night
reason-NIGHT_RESET-text = The war with { $rival } began at { $price }: we go back there and see whether it follows
reason-WAR_MATCH = A price war
reason-WAR_MATCH-text = { $rival } answered each of our prices with a lower one, times: { $count }. We go to its price and no lower
reason-WAR_YIELD = A price war
reason-WAR_YIELD-text = { $rival } answered each of our prices with a lower one, times: { $count }. We leave it the first place
reason-NO_CHOSEN = None of the chosen sells
reason-NO_CHOSEN-text = The rule looks at chosen merchants only, and none of them sells now
reason-INCOMPLETE_MARKET = The list of offers is incomplete
reason-INCOMPLETE_MARKET-text = No raise on an incomplete list
reason-OWN_OFFER_ABSENT = Our offer is not in the list
reason-OWN_OFFER_ABSENT-text = Looks like a fault of the marketplace: no raise
reason-ALONE_UNPROVEN = No rivals in sight
reason-ALONE_UNPROVEN-text = One look is not enough, we look again
reason-ALONE_SCENARIO = We are alone on the card
reason-ALONE_SCENARIO-text =
    { $choice ->
        [hold] The rule leaves the price
        [ceiling] The rule goes to the ceiling
       *[raise] Raising little by little, { $percent } % a step
    }
reason-BEAT_LOWEST = Rule “be first”
reason-BEAT_LOWEST-text = Best rival { $price }, step { $step }
reason-MATCH_LOWEST = Rule “match the lowest”
reason-MATCH_LOWEST-text = Best rival { $price }
reason-SMART_MATCH = Rule “match if better rated”
reason-SMART_MATCH-text = Best rival { $price }, step { $step }
reason-HOLD_PLACE = Rule “hold a place”
reason-HOLD_PLACE-text = Wanted place: { $place }
reason-BEHIND_LEADER = Rule “behind the leader”
reason-BEHIND_LEADER-text = Best rival { $price }
reason-BEST_REACHABLE = Rule “best reachable place”
reason-BEST_REACHABLE-text = Places looked at: { $places }
reason-FOLLOW = Rule “follow a merchant”
reason-FOLLOW-text = Its price: { $price }
reason-FOLLOW_FALLBACK = None of the followed sells
reason-FOLLOW_FALLBACK-text = The fallback strategy takes over
reason-AVERAGE = Rule “average”
reason-AVERAGE-text = Mean price of the best rivals ({ $count }): { $price }
reason-CAPTURE_GAP = Rule “capture the gap”
reason-CAPTURE_GAP-text = Next rival { $price }, step { $step }
reason-ALONE = We are alone on the card
reason-ALONE-text = Raising little by little, { $percent } % a step
reason-FIXED = Rule “fixed price”
reason-FIXED-text = Price { $price }, whatever rivals do
reason-TARGET_MARGIN = Rule “target margin”
reason-TARGET_MARGIN-text = The lowest price that earns it: { $price }
reason-NOT_ALONE = We are not alone
reason-NOT_ALONE-text = A rival asks { $price }, the rule waits
reason-NOT_FIRST = We are not first
reason-NOT_FIRST-text = Our place is { $place }, the rule raises from the first only
reason-GAP_SMALL = The gap is too small
reason-GAP_SMALL-text = Gain { $gain }, wanted { $wanted } at least
reason-FOLLOWED_ABSENT = None of the followed sells
reason-FOLLOWED_ABSENT-text = There is no fallback, the price stays
reason-ROOMY_SCENARIO = Fewer rivals than places
reason-ROOMY_SCENARIO-text =
    { $choice ->
        [ceiling] Place { $place } is ours anyway: we go to the ceiling
       *[hold] Place { $place } is ours anyway: the price stays
    }
reason-AT_FLOOR_SCENARIO = The rival stands at our floor
reason-AT_FLOOR_SCENARIO-text =
    { $choice ->
        [hold] The rule leaves the price
        [ceiling] The rule goes to the ceiling
       *[match] We match it at the floor { $floor }
    }
reason-BELOW_FLOOR_SCENARIO = The rival is below the floor
reason-BELOW_FLOOR_SCENARIO-text =
    { $choice ->
        [hold] Its price { $rival }, our floor { $floor }: the price stays
        [floor] Its price { $rival }: going to the floor { $floor }
        [ceiling] Its price { $rival }, our floor { $floor }: going to the ceiling
       *[reachable] Its price { $rival }, our floor { $floor }: taking the best place in reach
    }
reason-ABOVE_CEILING_SCENARIO = The rivals are above the ceiling
reason-ABOVE_CEILING_SCENARIO-text =
    { $choice ->
        [hold] Ceiling { $ceiling }: the price stays
       *[ceiling] We go to the ceiling { $ceiling }
    }
reason-FIRST_SCENARIO = We are first already
reason-FIRST_SCENARIO-text =
    { $choice ->
        [hold] The rule leaves the price
       *[capture] Raising towards the next rival
    }
reason-NO_REACHABLE_PLACE = Nobody can be beaten
reason-NO_REACHABLE_PLACE-text = All rivals are below the floor
reason-NO_CEILING = No ceiling
reason-NO_CEILING-text = Without a ceiling the robot never raises
reason-FOLLOW_CHAMPION = Another of our stores sells the card
reason-FOLLOW_CHAMPION-text = Store { $champion } leads: our price is { $price } at least
reason-FLOOR_REACHED = Stopped at the floor
reason-FLOOR_REACHED-text = Never below { $floor }
reason-DOMINATED_PRICE = A lower price earns as much
reason-DOMINATED_PRICE-text = { $price } earns no less than { $wanted }
reason-OUTSIDE_SAFE_SET = The target is no safe price
reason-OUTSIDE_SAFE_SET-text = Wanted { $wanted }, the safe price is { $price }
reason-ENDING = Rounded to an ending
reason-ENDING-text = { $price } instead of { $wanted }
reason-ALREADY_RIGHT = The price is right already
reason-ALREADY_RIGHT-text = { $price } stays
reason-PLACE_HELD = The place is ours already
reason-PLACE_HELD-text = Place { $place } holds at { $price } too
reason-MIN_MOVE = The move is too small
reason-MIN_MOVE-text = { $price } instead of { $current } would not change the place
reason-DIRECTION_OFF = The rule forbids this direction
reason-DIRECTION_OFF-text = It would be { $price }
reason-QUARANTINE = Too sharp a fall
reason-QUARANTINE-text = Target { $price } waits for a person
reason-RAISE_COOLDOWN = Waiting after the last change
reason-RAISE_COOLDOWN-text = Raising to { $price } later
reason-CHANGES_PER_DAY = Enough changes today
reason-CHANGES_PER_DAY-text = Target { $price } waits until tomorrow
reason-STEP_LIMIT = The step was limited
reason-STEP_LIMIT-text = Wanted { $wanted }, one run allows { $price }
reason-ZONE_CROSSED = Crossed prices that earn less
reason-ZONE_CROSSED-text = Delivery costs more at { $wanted }, so straight to { $price }
reason-DAY_LIMIT = The move of the day was limited
reason-DAY_LIMIT-text = Opened at { $opening }, today allows { $price }
push-state-planned = The price waits to be sent
push-state-claimed = The price is being sent
push-state-sent = Sent, waiting for the answer
push-state-accepted = Accepted, waiting for the cabinet
push-state-accepted-late = Accepted, showing takes longer than usual
push-state-confirmed = Sent and seen in the cabinet
push-state-rejected = Refused by the marketplace
push-state-unknown = Outcome unknown, looking at the shop
push-state-mismatch = Another price in the cabinet
push-state-removed = Taken off sale after the write
push-state-superseded = Replaced by a newer decision
push-state-expired = Not sent in time
push-state-held = Held before sending
push-sent-at = sent { $time }
push-accepted-at = accepted { $time }
push-finished-at = finished { $time }
push-public-at = seen by buyers { $time }
push-public-waits = buyers do not see it yet, we look
push-public-unseen = never shown to buyers
push-reason-unknown = code { $code }
push-reason-above_ceiling = the price is above the ceiling
push-reason-below_floor = the price is below the floor
push-reason-below_goal = the price would earn less than the goal
push-reason-availabilities_stale = the stock data is old
push-reason-availabilities_unreadable = the stock data cannot be read
push-reason-expired = the decision is too old
push-reason-in_flight = a price is being sent already
push-reason-lease_lost = another worker took over
push-reason-locked = the product is locked
push-reason-market_stale = the offers are old
push-reason-no_ceiling = no ceiling for a raise
push-reason-no_floor = no floor
push-reason-no_price = no price
push-reason-no_sku = no article
push-reason-too_late = too much time passed between check and write, the price was not sent
push-reason-not_claimed = the send was called off
push-reason-not_found = not found
push-reason-not_live = automatic prices of the store are not on
push-reason-not_on_sale = not on sale
push-reason-stopped = prices are stopped
push-reason-program_too_old = this version of the program is too old: a newer one sends prices
push-reason-changed_since = rules, limits or costs changed after the decision: it is decided anew
push-reason-outside_collar = the price is too far from those of the last week: a person is needed
push-reason-too_many_drops = too many drops within a day: automatic prices of the product are off
push-reason-store_frozen = the marketplace asks to wait
push-reason-store_not_connected = the store is not connected
push-reason-superseded = there is a newer decision
push-reason-marketplace_rejected = the marketplace did not take the price
push-reason-never_applied = the price never appeared
push-reason-offer_removed = the offer was removed
push-reason-offer_damaged = after the write points of service, stock or preorder days were others
push-reason-worker_lost = the process ended in the middle of the write
push-reason-price_changed_outside = the price was changed in the cabinet: we decide anew
push-reason-other_price_seen = another price is visible
push-reason-paused = requests are paused, the price was not sent
push-reason-rate_limited = too many requests
push-reason-session_expired = a login is needed
