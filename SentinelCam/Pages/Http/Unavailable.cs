namespace SentinelCam.Pages;

/// <summary>The answer while the database cannot be written. It is the same for every visitor and every form.</summary>
public static class Unavailable
{
    public const string Advice = "Nobody can sign in right now: SentinelCam cannot write to its database. Try again in a minute. "
        + "If you run this device, free some space on its disk.";

    /// <summary>Sets the status 503, and when to try again.</summary>
    public static void SayUnavailable(this HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        response.Headers.RetryAfter = "60";
    }
}
