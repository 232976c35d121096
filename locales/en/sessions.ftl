# One's own sessions.
sessions-title = Sessions
sessions-lead = Where you are signed in. End a session that you do not know, and change your password.
sessions-list = Your sessions
sessions-device = Device
sessions-since = Signed in
sessions-seen = Last request
sessions-state = State
sessions-own = this session
sessions-unknown = Unknown device
sessions-end-title = End sessions
sessions-end-text = Type your password and press “End” beside a session of the list, or end all but this one at once.
sessions-end = End
sessions-end-others = End all others
sessions-ended = The session has ended: signing in anew is asked for there
sessions-others-ended = { $n ->
    [0] There were no other sessions
    [one] { $n } session ended
   *[other] { $n } sessions ended
  }
action-session_end = ended sessions
admin-action-end-sessions = End all sessions
