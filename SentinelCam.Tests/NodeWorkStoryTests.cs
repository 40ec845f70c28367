using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests;

/// <summary>Two real processes on one PostgreSQL: their start, their mails, and the death of one.</summary>
public sealed class NodeWorkStoryTests : IAsyncLifetime
{
    private const string Anns = SentinelCamApp.AnnsEmail;

    /// <summary>How long the work of a killed node may wait.</summary>
    private static readonly TimeSpan Takeover = TimeSpan.FromSeconds(130);

    private readonly string _directory = Directory.CreateTempSubdirectory("sentinelcam-test-").FullName;
    private (string Key, string? Value)[] _database = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        _database = await PostgresServer.NewDatabaseAsync();
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Two_nodes_start_on_an_empty_database_at_the_same_time()
    {
        await using var server = ScriptedSmtpServer.Start();
        await using var one = Start("one", server);
        await using var two = Start("two", server);

        using var visitor = new WebVisitor(await one.Address, "Tests/1.0");
        using var other = new WebVisitor(await two.Address, "Tests/1.0");

        Assert.Equal("/dashboard", (await visitor.RegisterAsync("Ann", Anns, SentinelCamApp.Password)).Path);
        Assert.Equal("/login", (await other.SignInAsync(Anns, "not the password at all")).Path);
        await Eventually.TrueAsync(() => server.Messages.Count == 1, () => one.Said + two.Said, patience: Takeover);
        Assert.DoesNotContain((one.Said + two.Said).Split('\n'), line => line.Contains(" ERR ", StringComparison.Ordinal));
        Assert.Equal(1, await TurnsAsync());
    }

    [Fact]
    public async Task Starting_node_leaves_a_mail_alone_that_another_is_sending()
    {
        var answer = new TaskCompletionSource();
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript().On(SmtpStage.EndOfData, new SmtpAction("250 2.0.0 queued", After: answer.Task)));
        await using var one = Start("one", server);
        await RegisterAsync(one);
        await AddMailsAsync(1);
        await WaitForAsync(d => d.State == DeliveryState.Sending, 1, one);

        await using var two = Start("two", server);
        await two.Address;

        await using (var db = Open())
        {
            var mail = await db.Deliveries.AsNoTracking().SingleAsync(Cancelled);
            Assert.Equal((DeliveryState.Sending, 1, "one"), (mail.State, mail.Tries, mail.SentBy));
        }

        answer.SetResult();
        await WaitForAsync(d => d.State == DeliveryState.Accepted, 1, one);
        Assert.Single(server.Messages);
    }

    [Fact]
    public async Task Restarted_node_sends_its_own_mail_again_at_once()
    {
        await using var server = ScriptedSmtpServer.Start(
            new SmtpScript().On(SmtpStage.EndOfData, SmtpAction.Silence), new SmtpScript());
        await using (var one = Start("one", server))
        {
            await RegisterAsync(one);
            await AddMailsAsync(1);
            await WaitForAsync(d => d.State == DeliveryState.Sending, 1, one);
            await Eventually.TrueAsync(() => server.Messages.Count == 1);
            await one.KillAsync();
        }

        await using var again = Start("one", server);
        await WaitForAsync(d => d.State == DeliveryState.Accepted, 1, again);

        var mails = server.Mails;
        Assert.Equal(2, mails.Count);
        Assert.Single(mails.Select(mail => mail.MessageId).Distinct());
    }

    [Fact]
    public async Task Node_killed_among_fifty_mails_loses_none_and_repeats_only_the_one_in_doubt()
    {
        const int count = 50;
        await using var server = ScriptedSmtpServer.Start(new SmtpScript()
            .On(SmtpStage.EndOfData, new SmtpAction("250 2.0.0 queued", Delay: TimeSpan.FromMilliseconds(100))));
        // The first one starts the work for both
        await using var one = Start("one", server);
        await RegisterAsync(one);
        await Eventually.TrueAsync(async () => await TurnsAsync() == 1, () => one.Said);
        await using var two = Start("two", server);
        await two.Address;

        await AddMailsAsync(count);
        await Eventually.TrueAsync(
            () => server.Accepted.Count >= 15, () => one.Said + two.Said, patience: TimeSpan.FromMinutes(2));
        await one.KillAsync();
        var killed = TimeProvider.System.GetTimestamp();
        List<string> inDoubt;
        await using (var db = Open())
        {
            var senders = await db.Deliveries.Where(d => d.SentBy != null).Select(d => d.SentBy).Distinct()
                .ToListAsync(Cancelled);
            Assert.Equal(["one", "two"], senders.Order(StringComparer.Ordinal));
            inDoubt = await db.Deliveries.Where(d => d.State == DeliveryState.Sending && d.SentBy == "one")
                .Select(d => d.MessageId).ToListAsync(Cancelled);
        }

        await WaitForAsync(d => d.State == DeliveryState.Accepted, count, two, Takeover);
        var takeover = TimeProvider.System.GetElapsedTime(killed);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"The last of {count} mails was sent {takeover.TotalSeconds:0.0} s after the kill; {inDoubt.Count} was being sent");
        Assert.InRange(takeover, TimeSpan.Zero, Takeover);

        var arrived = server.Mails.Select(mail => mail.MessageId!).ToList();
        Assert.Equal(count, arrived.Distinct().Count());
        var repeated = arrived.GroupBy(id => id).Where(group => group.Count() > 1).Select(group => group.Key).ToList();
        Assert.InRange(inDoubt.Count, 0, 1);
        Assert.Subset(inDoubt.ToHashSet(), repeated.ToHashSet());
        // Both believed nothing twice: who starts the work is known again
        Assert.Equal(1, await TurnsAsync());
    }

    [Fact]
    public async Task After_an_outage_of_the_database_mails_leave_again_and_the_log_is_short()
    {
        await using var postgres = await PostgresServer.StartOwnAsync();
        _database = await postgres.AddDatabaseAsync();
        await using var server = ScriptedSmtpServer.Start();
        await using var one = Start("one", server);
        await RegisterAsync(one);
        await AddMailsAsync(1);
        await WaitForAsync(d => d.State == DeliveryState.Accepted, 1, one, TimeSpan.FromMinutes(2));
        var before = one.Said.Length;

        postgres.Stop();
        await Eventually.TrueAsync(
            () => one.Said[before..].Contains("Due work could not be started", StringComparison.Ordinal), () => one.Said,
            patience: TimeSpan.FromMinutes(2)); // without a commit, it looks once a minute
        // Hangfire's heartbeats, each 30 seconds, would complain
        await Task.Delay(TimeSpan.FromSeconds(35), Cancelled);
        await postgres.StartAsync();
        await AddMailsAsync(1);
        await WaitForAsync(d => d.State == DeliveryState.Accepted, 2, one, TimeSpan.FromMinutes(2));

        var outage = one.Said[before..];
        Assert.False(outage.Contains("   at ", StringComparison.Ordinal), outage);
        Assert.InRange(outage.Split('\n').Length, 1, 40);
    }

    private SentinelCamProcess Start(string name, ScriptedSmtpServer server) => SentinelCamProcess.Start(
        Path.Combine(_directory, name), [.. _database, .. server.Settings, ("Node:Name", name)]);

    private static async Task RegisterAsync(SentinelCamProcess node)
    {
        using var visitor = new WebVisitor(await node.Address, "Tests/1.0");
        Assert.Equal("/dashboard", (await visitor.RegisterAsync("Ann", Anns, SentinelCamApp.Password)).Path);
    }

    private PostgresDbContext Open() =>
        new(new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql(_database[0].Value).Options);

    private async Task AddMailsAsync(int count)
    {
        await using var db = Open();
        var ann = await db.Users.Select(a => a.Id).SingleAsync(Cancelled);
        var now = DateTimeOffset.UtcNow;
        db.Deliveries.AddRange(Enumerable.Range(0, count).Select(i => new Delivery
        {
            Kind = MailKind.SettingsChanged,
            RecipientId = ann,
            Recipient = Anns,
            MessageId = string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid():N}.{i}@example.org"),
            Changes = "A line.",
            CreatedAt = now,
            QueuedAt = now,
            DueAt = now,
        }));
        await db.SaveChangesAsync(Cancelled);
    }

    private Task WaitForAsync(
        System.Linq.Expressions.Expression<Func<Delivery, bool>> which, int count, SentinelCamProcess node,
        TimeSpan? patience = null) => Eventually.GetAsync(async () =>
    {
        await using var db = Open();
        return await db.Deliveries.CountAsync(which, Cancelled);
    }, found => found == count, () => node.Said, patience: patience ?? TimeSpan.FromSeconds(90));

    /// <summary>How many nodes start the work.</summary>
    private async Task<long> TurnsAsync()
    {
        await using var connection = new NpgsqlConnection(_database[0].Value);
        await connection.OpenAsync(Cancelled);
        await using var command = new NpgsqlCommand("""
            SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.granted AND a.application_name = 'SentinelCam turn'
                AND a.datname = current_database()
            """, connection);
        return (long)(await command.ExecuteScalarAsync(Cancelled))!;
    }
}
