using System.Security.Cryptography;
using System.Xml;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using SentinelCam.Configuration;

namespace SentinelCam.Accounts;

/// <summary>
/// The files in <c>keys/</c>. Data Protection reads them all, and one that a power cut has emptied or cut short would fail every
/// page with a form. Such files are set aside at start; Data Protection then makes a new key if none is left.
/// </summary>
public static class KeyFiles
{
    /// <summary>The extension of a file that was set aside, which Data Protection does not read.</summary>
    public const string DamagedExtension = ".damaged";

    /// <summary>A key takes about a kilobyte.</summary>
    private const long MaxBytes = 64 << 10;

    /// <summary>Sets aside what Data Protection cannot read or use, and logs one line about it.</summary>
    /// <exception cref="ConfigurationException">The folder cannot be read, or a bad file cannot be set aside.</exception>
    public static void SetUnreadableAside(DataDirectory data, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(data);
        var problems = new List<string>();
        try
        {
            var ids = new HashSet<Guid>();
            var entries = new DirectoryInfo(data.Keys).GetFileSystemInfos("*.xml")
                .OrderBy(entry => entry.Name, StringComparer.Ordinal).ToList();
            var bad = entries.Select(entry => (Entry: entry, Problem: ProblemOf(entry, ids)))
                .Where(found => found.Problem is not null).ToList();
            // A revocation that cannot be read may concern any key
            var revokesAny = bad.Exists(found => found.Entry.Name.StartsWith("revocation", StringComparison.OrdinalIgnoreCase));
            if (revokesAny)
                bad = entries.ConvertAll(entry => (entry, ProblemOf(entry, []) ?? "perhaps revoked by another of these files"))!;
            foreach (var (entry, problem) in bad)
            {
                SetAside(entry);
                problems.Add($"{entry.Name} ({problem})");
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException("DataDirectory", data.Root,
                $"a directory in which the files of keys/ can be read or renamed ({error.Message.ReplaceLineEndings(" ")}).");
        }

        if (problems.Count > 0)
        {
            logger.LogWarning(
                "Unreadable keys were set aside as {Extension}: {Files}. Who was signed in with them has to sign in again, and a "
                    + "camera source that was chosen on the site must be chosen again",
                DamagedExtension, string.Join(", ", problems));
        }
    }

    /// <returns>Why a file cannot be used; null if it can.</returns>
    private static string? ProblemOf(FileSystemInfo entry, HashSet<Guid> ids)
    {
        try
        {
            if (entry is not FileInfo file)
                return "not a file";
            if (file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target)
                file = target;
            // Never opens a pipe or a device, which also have no length
            if (!file.Exists || file.Length == 0)
                return "empty";
            if (file.Length > MaxBytes)
                return "too large";
            using var stream = file.OpenRead();
            return ProblemOf(XElement.Load(stream), ids);
        }
        catch (Exception error) when (error is XmlException or IOException or UnauthorizedAccessException)
        {
            return error is XmlException ? "not well-formed" : "not readable";
        }
    }

    /// <summary>Lets Data Protection try the element alone, since it alone knows what it needs.</summary>
    private static string? ProblemOf(XElement element, HashSet<Guid> ids)
    {
        try
        {
            var services = new ServiceCollection().AddLogging();
            services.AddDataProtection().AddKeyManagementOptions(options => options.XmlRepository = new OneElement(element));
            using var provider = services.BuildServiceProvider();
            // Throws for a revocation that it cannot read, and leaves out keys that it cannot read
            var keys = provider.GetRequiredService<IKeyManager>().GetAllKeys();
            if (element.Name == "revocation")
                return null;
            if (keys.SingleOrDefault() is not { } key)
                return "not a key";
            var encryptor = key.CreateEncryptor() ?? throw new CryptographicException("No encryptor.");
            encryptor.Decrypt(encryptor.Encrypt(new byte[1], ArraySegment<byte>.Empty), ArraySegment<byte>.Empty);
            return ids.Add(key.KeyId) ? null : "a copy of another key";
        }
        // It throws whatever its parsers throw
        catch (Exception)
        {
            return "not a complete key";
        }
    }

    private static void SetAside(FileSystemInfo entry)
    {
        var aside = entry.FullName + DamagedExtension;
        for (var i = 2; Path.Exists(aside); i++)
            aside = $"{entry.FullName}.{i}{DamagedExtension}";
        if (entry is DirectoryInfo folder)
            folder.MoveTo(aside);
        else if (entry.LinkTarget is not null)
            entry.Delete();
        else
            ((FileInfo)entry).MoveTo(aside);
    }

    private sealed class OneElement(XElement element) : IXmlRepository
    {
        public IReadOnlyCollection<XElement> GetAllElements() => [new XElement(element)];

        public void StoreElement(XElement element, string friendlyName) => throw new NotSupportedException();
    }
}
