using System.Globalization;

namespace SentinelCam.Tests.Support;

/// <summary>The wall clock of another process, which libfaketime fakes. Its timers run on as they are.</summary>
/// <param name="directory">An existing folder for the file that says what the clock shows.</param>
public sealed class FakedClock(string directory)
{
    private readonly string _file = Path.Combine(directory, "time");

    /// <summary>The library; null if it is not installed.</summary>
    public static string? Library { get; } = Environment.GetEnvironmentVariable("LIBFAKETIME")
        ?? Directory.EnumerateDirectories("/usr/lib").Select(folder => Path.Combine(folder, "faketime/libfaketime.so.1"))
            .FirstOrDefault(File.Exists);

    /// <summary>For the process.</summary>
    public (string Key, string? Value)[] Settings =>
    [
        ("LD_PRELOAD", Library), ("FAKETIME_TIMESTAMP_FILE", _file), ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("FAKETIME_FORCE_MONOTONIC_FIX", "0"), ("TZ", "UTC"),
    ];

    /// <summary>
    /// What makes the clock run on from a time. Not <c>@1970-01-01 00:05:00</c>, which libfaketime can begin once more while the
    /// process starts.
    /// </summary>
    public static string From(DateTimeOffset time) =>
        string.Create(CultureInfo.InvariantCulture, $"{(long)(time - DateTimeOffset.UtcNow).TotalSeconds:+0;-0}");

    /// <summary>Sets it to a difference from the machine's clock, for example to <c>+100d</c>.</summary>
    public async Task SetAsync(string time)
    {
        // At once: libfaketime ends a process that finds half of a file
        await File.WriteAllTextAsync(_file + ".new", time, TestContext.Current.CancellationToken);
        File.Move(_file + ".new", _file, overwrite: true);
    }
}
