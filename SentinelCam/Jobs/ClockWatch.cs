using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SentinelCam.Data;
using SentinelCam.Mail;

namespace SentinelCam.Jobs;

/// <summary>
/// Notices that the clock was set, as on a device without a battery that starts in 1970 and learns the time later. What was
/// stored meanwhile keeps its times, but its age does not count the time that the clock jumped over, and its entries say so.
/// </summary>
public sealed class ClockWatch : IDisposable
{
    /// <summary>A clock before this time is wrong: SentinelCam did not exist.</summary>
    private static readonly DateTimeOffset Earliest = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Smaller corrections of the clock are ignored.</summary>
    private static readonly TimeSpan MinJump = TimeSpan.FromMinutes(30);

    /// <summary>Smaller jumps are not reported as steps.</summary>
    private static readonly TimeSpan MinStep = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _time;
    private readonly OutboxReader _outbox;
    private readonly LiveNodes _nodes;
    private readonly ILogger<ClockWatch> _logger;
    private readonly SemaphoreSlim _turn = new(1);
    private Sample _last;
    private DateTimeOffset _begun;
    private long? _setAt;
    private bool _hasLookedBack;

    public ClockWatch(TimeProvider time, OutboxReader outbox, LiveNodes nodes, ILogger<ClockWatch> logger)
    {
        (_time, _outbox, _nodes, _logger) = (time, outbox, nodes, logger);
        _last = Now();
        _begun = _last.Wall;
    }

    /// <summary>Whether the clock was set within the last hour: until then, the times of files say little.</summary>
    public bool WasSetRecently => _setAt is { } at && _time.GetElapsedTime(at) < TimeSpan.FromHours(1);

    /// <summary>The last time that the clock was set by a minute or more, as far as that can be seen; or null.</summary>
    public ClockStep? LastStep { get; private set; }

    /// <summary>Corrects the ages of what was stored while the clock was wrong, if it was set since the last call.</summary>
    public async Task CheckAsync(SentinelCamDbContext db, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(db);
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var now = Now();
            var jump = now.Wall - _last.Wall - ElapsedSince(_last, now);
            if (jump.Duration() >= MinStep)
                LastStep = new ClockStep(jump, _time.GetTimestamp());
            if (jump.Duration() >= MinJump)
            {
                await CorrectAsync(db, now.Wall - jump, jump, cancellationToken);
                _begun += jump;
                _setAt = _time.GetTimestamp();
            }

            _last = now;
            if (!_hasLookedBack && now.Wall >= Earliest)
            {
                await CorrectEarlierRunsAsync(db, now.Wall, cancellationToken);
                _hasLookedBack = true;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc />
    public void Dispose() => _turn.Dispose();

    private Sample Now() => new(_time.GetUtcNow(), _time.GetTimestamp(), Uptime());

    /// <summary>Linux's own count, which goes on while the machine sleeps.</summary>
    private TimeSpan? Uptime()
    {
        if (_time != TimeProvider.System || !OperatingSystem.IsLinux())
            return null;
        try
        {
            var text = File.ReadAllText("/proc/uptime").Split(' ')[0];
            return TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }

    /// <summary>
    /// Without the uptime, a machine that slept cannot be told from a clock that was set, so only a clock that was certainly
    /// wrong counts.
    /// </summary>
    private TimeSpan ElapsedSince(Sample then, Sample now) =>
        now.Uptime - then.Uptime
        ?? (then.Wall < Earliest ? _time.GetElapsedTime(then.Timestamp, now.Timestamp) : now.Wall - then.Wall);

    private async Task CorrectAsync(
        SentinelCamDbContext db, DateTimeOffset until, TimeSpan jump, CancellationToken cancellationToken)
    {
        var (from, to) = (_begun.ToUnixTimeMilliseconds(), until.ToUnixTimeMilliseconds());
        var (by, seconds) = ((long)jump.TotalMilliseconds, (long)jump.TotalSeconds);
        var day = (long)TimeSpan.FromDays(1).TotalMilliseconds;
        // The clocks of other nodes were right. On SQLite, the only node may have been renamed
        var (self, several) = (_nodes.Self, _nodes.AreSeveral);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"""
            UPDATE "Snapshots" SET "AgesFrom" = COALESCE("AgesFrom", "TakenAt") + {by}
                WHERE COALESCE("AgesFrom", "TakenAt") BETWEEN {from} AND {to} AND NOT EXISTS (
                    SELECT 1 FROM "ImageLog" e JOIN "Snapshots" p ON p."EntryId" = e."Id"
                        WHERE p."Id" IN ("Snapshots"."Id", "Snapshots"."StripOfId") AND e."Node" <> {self}
                            AND {several});
            UPDATE "ImageLog" SET "ClockErrorSeconds" = COALESCE("ClockErrorSeconds", 0) + {seconds}
                WHERE "At" + COALESCE("ClockErrorSeconds", 0) * 1000 BETWEEN {from} AND {to}
                    AND ("Node" IS NULL OR "Node" = {self} OR NOT {several});
            UPDATE "Deliveries" SET "CreatedAt" = "CreatedAt" + {by}, "QueuedAt" = "QueuedAt" + {by}
                WHERE "State" IN ('Waiting', 'Sending') AND "QueuedAt" BETWEEN {from} AND {to};
            UPDATE "Troubles" SET "Since" = "Since" + {by}, "ToldAt" = "ToldAt" + {by} WHERE "Since" BETWEEN {from} AND {to};
            UPDATE "Accounts" SET "RegisteredAt" = "RegisteredAt" + {by} WHERE "RegisteredAt" BETWEEN {from} AND {to};
            UPDATE "Accounts" SET "PendingRecipientUntil" = "PendingRecipientUntil" + {by}
                WHERE "PendingRecipientUntil" - {day} BETWEEN {from} AND {to};
            """, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        _outbox.MoveTimes(_begun, until, jump);
        _logger.LogWarning(
            "The clock was set by {Jump}. What was recorded since the start keeps its time, and is marked",
            jump.ToString("c", CultureInfo.InvariantCulture));
    }

    /// <summary>Lets ages begin now where nobody noticed that a wrong clock was set, because an earlier run had ended.</summary>
    private async Task CorrectEarlierRunsAsync(SentinelCamDbContext db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (before, at) = (Earliest.ToUnixTimeMilliseconds(), now.ToUnixTimeMilliseconds());
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var marked = await db.Database.ExecuteSqlAsync($"""
            UPDATE "ImageLog" SET "ClockErrorSeconds" = ({at} - "At") / 1000
                WHERE "At" < {before} AND "ClockErrorSeconds" IS NULL;
            UPDATE "Snapshots" SET "AgesFrom" = {at} WHERE "TakenAt" < {before} AND "AgesFrom" IS NULL;
            UPDATE "Deliveries" SET "CreatedAt" = {at}, "QueuedAt" = {at}
                WHERE "State" IN ('Waiting', 'Sending') AND "QueuedAt" < {before};
            UPDATE "Troubles" SET "Since" = {at} WHERE "Since" < {before};
            UPDATE "Accounts" SET "RegisteredAt" = {at} WHERE "RegisteredAt" < {before};
            """, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        _outbox.MoveTimes(DateTimeOffset.UnixEpoch, Earliest, to: now);
        if (marked == 0)
            return;
        _setAt = _time.GetTimestamp();
        _logger.LogWarning("The clock was set after a time that cannot be right. Records from then are marked");
    }

    private readonly record struct Sample(DateTimeOffset Wall, long Timestamp, TimeSpan? Uptime);
}

/// <summary>The clock was set.</summary>
/// <param name="By">How much later it shows since then; negative if earlier.</param>
/// <param name="At">The timer's value when this was noticed, up to a minute later.</param>
public sealed record ClockStep(TimeSpan By, long At);
