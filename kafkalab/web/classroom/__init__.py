"""Rooms and drills: what a class does together.

A room is an instructor's; learners join it by code and name, and their seat is the browser they came with. What is
built upon rooms holds on to this:

models.Room, models.Seat                    `room.mark` and `seat.mark` are names for a program, never reused
await desk_pages.room_of(request, code)     the room, for its instructor alone; Http404
await joining.seat_of(request, code)        the seat of whoever asks; Http404
places.places_of(room)                      who works where: a `Place` a learner, a team, or for all; asks the database
places.tenant_of(room, place)               the place's lab, asleep or awake, or None if nobody has been there yet
places.labs_of(room)                        [(place, its lab or None)]: all that learners have, the desk left out
await places.opened(room, place)            the place's lab, awake: made at the first time; LabsRefused
telling.tell(room, said)                    a rare message {"type": ...} to every socket of the room, by its group
telling.stir(room)                          the instructor's consoles look at everything again
page: "room" of `document`                  a CustomEvent of static/js/classroom/room.js: what was told, as `detail`

The database is asked in threads (`sync_to_async`), labs are touched on the event loop alone. Frames of labs go the way
that they go everywhere, and through no group.
"""
