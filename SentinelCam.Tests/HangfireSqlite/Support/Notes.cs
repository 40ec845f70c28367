using System.Globalization;

namespace SentinelCam.Tests.HangfireSqlite.Support;

/// <summary>What the noted jobs of all processes have written.</summary>
public sealed class Notes : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("notes-").FullName;

    /// <summary>How often each job began, and how often it ended, in all processes.</summary>
    public Dictionary<int, (int Begun, int Ended)> Read() => Count(Directory.EnumerateFiles(Folder));

    /// <summary>The same in one process.</summary>
    public Dictionary<int, (int Begun, int Ended)> ReadOf(int processId)
    {
        var file = Path.Combine(Folder, processId.ToString(CultureInfo.InvariantCulture));
        return Count(File.Exists(file) ? [file] : []);
    }

    /// <exception cref="TimeoutException">Some job did not end in time.</exception>
    public async Task WaitForAsync(int jobs, CancellationToken cancellationToken)
    {
        var deadline = DateTime.UtcNow + 2 * Signals.Patience;
        while (Read().Count(note => note.Value.Ended > 0) < jobs)
        {
            if (DateTime.UtcNow > deadline) throw new TimeoutException($"{Read().Count} of {jobs} jobs were begun");
            await Task.Delay(100, cancellationToken);
        }
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static Dictionary<int, (int Begun, int Ended)> Count(IEnumerable<string> files)
    {
        var notes = new Dictionary<int, (int Begun, int Ended)>();
        foreach (var words in files.SelectMany(ReadLines).Select(line => line.Split(' ')))
        {
            var id = int.Parse(words[1], CultureInfo.InvariantCulture);
            var (begun, ended) = notes.GetValueOrDefault(id);
            notes[id] = words[0] == "begin" ? (begun + 1, ended) : (begun, ended + 1);
        }

        return notes;
    }

    // Processes are writing while this reads: the last line may not be whole yet
    private static IEnumerable<string> ReadLines(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
