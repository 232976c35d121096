# The second factor: its page, and the second step of signing in.
second-title = Second step of signing in
second-lead = Besides the password the panel asks for a code from an app on your phone: a stolen password alone opens nothing
second-step-title = Code from the app
second-step-lead = The password is right. One step is left: the code that the app shows now.
second-step-back = Sign in as somebody else
second-code = Code from the app
second-code-hint = Six digits, new every half minute
second-first-code-hint = The six digits that the app shows for kaspi-panel
second-code-wrong = This code does not fit. Wait for the next one and type it: each code is taken once.
second-no-app = No phone at hand?
second-recovery = Recovery code
second-recovery-hint = One of the ten codes that you kept, like abcd-efgh-ijkl-mnop-qrst-uvwx. Each works once.
second-recovery-submit = Sign in with the recovery code
second-recovery-wrong = This recovery code does not fit or was used. Type another one, or ask an administrator to switch the second step off.
second-recovered = { $n ->
    [0] You signed in with the last recovery code: make new ones under “Second step of signing in”.
    [one] You signed in with a recovery code: { $n } is left.
   *[other] You signed in with a recovery code: { $n } are left.
  }
second-password = Password of the panel
second-wrong-password = This password does not fit: type the one you sign in to the panel with
second-elsewhere = The second step was changed in another window: nothing was done
second-state-off = off
second-state-begun = awaits the first code
second-state-on = on
second-begin-title = Switch the second step on
second-begin-text = You need an app for codes: Google Authenticator, Aegis, 1Password or another one. First type your password again.
second-demanded-text = This panel demands a second factor: until it is on, the other pages are closed.
second-begin = Switch on
second-finish-title = Connect the app
second-scan = Open the app for codes and point the camera at the picture.
second-qr = Picture with the key for the app
second-open-app = Open on this phone
second-type-seed = No camera? Type the key into the app by hand (kind: by time):
second-finish-text = The key was shown once. If it is in the app, type the code. If it is not, begin again.
second-finish = Check the code and switch on
second-again-title = The key is not in the app?
second-again-text = The earlier key becomes void, and the panel shows a new one.
second-again = Begin again
second-on-title = The second step is on
second-since = On since
second-codes-left = Recovery codes left
second-codes-title = Recovery codes
second-codes-text = They are for a lost phone. New ones take the place of all earlier ones.
second-codes = Make new ones
second-recovery-title = Keep the recovery codes
second-recovery-text = The panel shows them only now. Print them, or put them into a password manager: each takes the place of a code from the app once. If the second step was switched on just now, your other sessions have ended.
second-off-title = Switch the second step off
second-off-text = The password will be enough to sign in. Recovery codes become void, and your other sessions end.
second-off = Switch off
second-is-off = The second step is off: the password is enough
action-second_factor_begin = began to switch the second step on
action-second_factor_on = switched the second step on
action-second_factor_off = switched the second step off
action-second_factor_codes = made new recovery codes
action-second_factor_recover = signed in with a recovery code
admin-action-second-factor-off = Switch the second step off
admin-field-second_factor = Second step of signing in
# Somebody guesses.
alert-kind-codes_guessed = Sign-in codes are guessed
alert-codes_guessed = Somebody knows the password of a user and guesses codes of the second step. Signing in is closed to this user for a day.
alert-codes_guessed-do = For administrators: the log says who it is. Set a new password for this user, tries are counted anew with it.
action-second_factor_guessed = closed the second step for a day: too many wrong codes
