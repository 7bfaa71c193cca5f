"""Names of what is looked for: kinds of video event, and of the signs that may become one.

Of these names alone, so that whoever only reads or compares them loads no picture library.
"""

INTRUSION = "intrusion"
DENSITY_LEVEL = "density_level"
VEHICLE_IN_PEDESTRIAN_ZONE = "vehicle_in_pedestrian_zone"
CAMERA_BLIND = "camera_blind"
GATHERING = "sudden_gathering"
DISPERSAL = "dispersal"

# Kind of sign, and the unit of its value.
RUNNING = "running"  # m/s, held over behaviour.HELD_S
WRONG_WAY = "wrong_way"  # m against the way, or across it backwards
STAYING = "loitering"  # s that somebody stays within behaviour.STAY_M of one spot
STOPPED = "stopped_vehicle"  # s that a vehicle does not move
ANOMALY = "anomaly"  # in the camera's own alarm score (`scores.py`)
OBJECT_LEFT = "object_left"  # s between both ends of the stretch (`left_objects.py`)
CAMERA_MOVED = "camera_moved"  # s (`tamper.py`)
CAMERA_BLURRED = "camera_blurred"  # s
