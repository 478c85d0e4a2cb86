"""Joining: an organisation comes to the platform by applying, a person to an organisation by invitation or request.

Words: *application* 单位入驻申请 = what a person fills in for an organisation that is not registered yet, with *evidence*
(scans of its licence), judged by a province admin; approving it registers the organisation and makes the applicant its
manager in one transaction. *Invitation* 邀请 = a link, or a note in somebody's account, by which a manager lets a person
in. *Join request* 加入申请 = the other way round. States change by `UPDATE … WHERE status = …`, so of two people who
decide at once one wins and the other is told. A file is what its bytes say, never what its name says.

An invitation to a sign-in name is kept whether or not somebody of the province has that name: who invites learns nothing.
"""
