# What the plug-in calls of maya.OpenMayaUI, which the stubs of types-maya lack.
# Names: Autodesk's API reference, as used from Python.

class MQtUtil:
    @staticmethod
    def mainWindow() -> int | None: ...
    @staticmethod
    def findControl(name: str) -> int | None: ...
