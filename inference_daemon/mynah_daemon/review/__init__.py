"""The review page of a batch: every line with sound, head, curves and automatic flags, opened from
disk by people who have no Blender. Whether it is approved is theirs to say."""
