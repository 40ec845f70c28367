using SentinelCam.Data;

namespace SentinelCam.Device;

/// <summary>A log-in to the device that failed or succeeded, as its source tells it.</summary>
public sealed record DeviceEvent
{
    /// <summary>What the source calls the event: the same each time that it is read, and unique.</summary>
    public required string Key { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Whether the password was right.</summary>
    public required bool IsAccepted { get; init; }

    /// <summary>The name under which the program calls PAM, or one of <see cref="DeviceServices"/>.</summary>
    public required string Service { get; init; }

    /// <summary>The user of the device; empty if what was typed is no user's name.</summary>
    public required string User { get; init; }

    /// <summary>The user who called the program; empty if there is none.</summary>
    public string Caller { get; init; } = "";

    /// <summary>The address or name of the computer that the log-in came from; empty if none was named.</summary>
    public string RemoteHost { get; init; } = "";

    /// <summary>The terminal, such as <c>tty1</c>, <c>pts/0</c> or <c>:0</c>; empty if there is none.</summary>
    public string Terminal { get; init; } = "";

    /// <summary>The id of the session that the program ran in; empty if there is none.</summary>
    public string Session { get; init; } = "";

    /// <summary>Why a failure was refused.</summary>
    public LoginOutcome Outcome { get; init; } = LoginOutcome.RefusedByDevice;
}
