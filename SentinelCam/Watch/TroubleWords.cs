using System.Globalization;
using SentinelCam.Data;

namespace SentinelCam.Watch;

/// <summary>Troubles in words for administrators.</summary>
public static class TroubleWords
{
    /// <summary>What is wrong with a node that does not answer.</summary>
    internal const string DeadNode = "SentinelCam is not running there, or cannot reach the database. What happens there is not "
        + "photographed. Start it again, or remove the device from the list of devices.";

    /// <summary>What is wrong, as a headline, with the node that has it, if one does.</summary>
    public static string Headline(Trouble trouble)
    {
        ArgumentNullException.ThrowIfNull(trouble);
        return trouble.Kind is TroubleKind.Node ? $"{trouble.Node} does not answer" : On(trouble, Headline(trouble.Kind));
    }

    /// <summary>That it is over, as a headline, with the node that had it, if one did.</summary>
    public static string Over(Trouble trouble)
    {
        ArgumentNullException.ThrowIfNull(trouble);
        return trouble.Kind is TroubleKind.Node ? $"{trouble.Node} answers again" : On(trouble, Over(trouble.Kind));
    }

    private static string Headline(TroubleKind kind) => kind switch
    {
        TroubleKind.Camera => "The camera shows nothing",
        TroubleKind.Mail => "The mail server accepts no emails",
        TroubleKind.Disk => "The disk is almost full",
        TroubleKind.Clock => "The clock is wrong",
        TroubleKind.SelfTest => "The weekly test failed",
        _ => kind.ToString(),
    };

    private static string Over(TroubleKind kind) => kind switch
    {
        TroubleKind.Camera => "The camera works again",
        TroubleKind.Mail => "The mail server accepts emails again",
        TroubleKind.Disk => "There is enough disk space again",
        TroubleKind.Clock => "The clock is right again",
        _ => "The weekly test passes again",
    };

    private static string On(Trouble trouble, string headline) =>
        trouble.Node.Length == 0 ? headline : $"{headline} on {trouble.Node}";

    /// <summary>Bytes as people say them, such as "1 GiB".</summary>
    internal static string Size(long bytes) => bytes >= 1 << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.#} GiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB");

    /// <summary>A duration as people say it, such as "2 minutes".</summary>
    internal static string Duration(TimeSpan time)
    {
        time = time.Duration();
        var (number, unit) = time.TotalMinutes < 2 ? (time.TotalSeconds, "seconds")
            : time.TotalHours < 2 ? (time.TotalMinutes, "minutes")
            : time.TotalDays < 2 ? (time.TotalHours, "hours")
            : (time.TotalDays, "days");
        return string.Create(CultureInfo.InvariantCulture, $"{number:0} {unit}");
    }
}
