using System.Globalization;
using System.Text;

namespace SentinelCam.Tests.Support;

/// <summary>A file in the spool.</summary>
/// <param name="Uptime">The first part of its name: hundredths of a second since the device started.</param>
/// <param name="Process">The second part of its name: the helper's process.</param>
/// <param name="Owner">The user who owns it.</param>
/// <param name="Mode">Its mode, in octal.</param>
/// <param name="Fields">Its fields.</param>
public sealed record SpooledEvent(long Uptime, int Process, string Owner, string Mode, IReadOnlyList<string> Fields)
{
    public string Kind => Fields[1];

    public string Service => Fields[2];

    public string Name => Fields[3];

    public string RemoteUser => Fields[4];

    public string RemoteHost => Fields[5];

    public string Terminal => Fields[6];

    public string Session => Fields[7];

    /// <summary>Reads a line of the form <c>NAME OWNER MODE SECONDS BASE64</c>.</summary>
    public static SpooledEvent Parse(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        var parts = line.Split(' ');
        var name = parts[0].Split('.');
        var text = Encoding.UTF8.GetString(Convert.FromBase64String(parts[4]));
        Assert.EndsWith("\0", text, StringComparison.Ordinal);
        var fields = text[..^1].Split('\0');
        Assert.Equal(9, fields.Length);
        Assert.Equal("1", fields[0]);
        Assert.Equal("end", fields[8]);
        return new(
            long.Parse(name[0], CultureInfo.InvariantCulture), int.Parse(name[1], CultureInfo.InvariantCulture),
            parts[1], parts[2], fields);
    }
}
