using Microsoft.Extensions.Configuration;
using Npgsql;
using SentinelCam.Data;
using SentinelCam.Tests.Support;

namespace SentinelCam.Tests.Data;

/// <summary>What SentinelCam adds to the connection string.</summary>
public class PostgresOptionsTests
{
    [Theory]
    [InlineData("", "10s 5s 0")]
    [InlineData("Options=-c statement_timeout=7min", "10s 5s 7min")]
    [InlineData("Options=-c lock_timeout=3s", "3s 5s 0")]
    public async Task Timeouts_stay_beside_options_of_the_operator(string own, string timeouts)
    {
        Assert.SkipUnless(PostgresServer.IsAvailable, PostgresServer.Why);
        var (key, server) = Assert.Single(await PostgresServer.NewDatabaseAsync());

        Assert.Equal(timeouts, await PostgresServer.ReadAsync<string>([(key, Read($"{server};{own}"))], """
            SELECT concat_ws(' ', current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'),
                current_setting('statement_timeout'))
            """));
    }

    [Theory]
    [InlineData("db1,db2", "", 1, 2)]
    [InlineData("db1,db2", "Host Recheck Seconds=4;Timeout=9", 4, 9)]
    [InlineData("db1", "", 10, 5)]
    public void Several_hosts_are_asked_each_second_which_one_is_the_primary(string hosts, string own, int recheck, int timeout)
    {
        var read = new NpgsqlConnectionStringBuilder(Read($"Host={hosts};Database=sentinelcam;{own}"));

        Assert.Equal((recheck, timeout), (read.HostRecheckSeconds, read.Timeout));
        Assert.Equal(hosts == "db1" ? null : "primary", read.TargetSessionAttributes);
    }

    private static string? Read(string text) => PostgresOptions.Read(
        new ConfigurationBuilder().AddInMemoryCollection([new(PostgresOptions.Key, text)]).Build());
}
