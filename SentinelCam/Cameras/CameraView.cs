
namespace SentinelCam.Cameras;

/// <summary>What a capture sees of the camera at one instant.</summary>
/// <param name="Frames">The ring, oldest first.</param>
/// <param name="Faults">Number of faults since the app started.</param>
/// <param name="Fault">The current fault, or null. The next frame clears it.</param>
/// <param name="Changed">Completes at the next frame or fault.</param>
internal sealed record CameraView(RingFrame[] Frames, long Faults, CameraFault? Fault, Task Changed);
