using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Configuration;
using SentinelCam.Data;

namespace SentinelCam.CommandLine;

/// <summary>What the site has recorded of the device's log-ins, read beside the site while it runs.</summary>
/// <param name="Last">The last recorded log-in in words, or why it is not known.</param>
/// <param name="Users">The users of the device who are assigned to an account, and its mail address.</param>
internal sealed record RecordedLogIns(string Last, IReadOnlyList<(string User, string Account)> Users)
{
    /// <summary>Reads the site's database without changing it.</summary>
    /// <param name="settings">Arguments with settings, as the site gets them.</param>
    /// <exception cref="ConfigurationException">The configuration cannot be read.</exception>
    public static RecordedLogIns Read(string[] settings)
    {
        var (db, data) = BesideSite.OpenDatabase(settings);
        using var opened = db;
        if (db.Dialect.FileIn(data) is { } file && !File.Exists(file))
            return new($"not known: there is no {file}", []);
        try
        {
            var last = db.LoginAttempts.AsNoTracking()
                .Where(a => a.Origin != AttemptOrigin.WebPage).OrderByDescending(a => a.Id).FirstOrDefault();
            var users = db.DeviceUsers.Join(db.Users, u => u.AccountId, a => a.Id, (u, a) => new { u.Name, a.Email })
                .OrderBy(u => u.Name).ToList();
            return new(last is null ? "no log-in is recorded yet" : InWords(last), [.. users.Select(u => (u.Name, u.Email!))]);
        }
        catch (DbException error)
        {
            return new($"not known: {db.Dialect.Describe(db, data)} cannot be read ({error.Message})", []);
        }
    }

    private static string InWords(LoginAttempt last)
    {
        var what = last.Outcome is LoginOutcome.SucceededAfterFailures ? "log-in after failures" : "failed log-in";
        var user = last.AccountTyped.Length > 0 ? $" to {last.AccountTyped}" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{what}{user} {DeviceServices.Where(last.Service)} at {last.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
    }
}
