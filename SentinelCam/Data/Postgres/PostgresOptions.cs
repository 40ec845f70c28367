using Npgsql;
using SentinelCam.Configuration;

namespace SentinelCam.Data;

/// <summary>Reads how to reach PostgreSQL.</summary>
public static class PostgresOptions
{
    /// <summary>The key of the connection string. Empty: SQLite in the data directory.</summary>
    public const string Key = "ConnectionStrings:SentinelCam";

    /// <summary>
    /// What the configured string can change: few connections for each process, and an answer within seconds if the server is
    /// gone, or if somebody else holds the lock of <see cref="OneWriter"/>. A statement that a connection uses often is planned
    /// once: planning takes longer than most of them.
    /// </summary>
    private const string Defaults = "Application Name=SentinelCam;Maximum Pool Size=22;Timeout=5;Max Auto Prepare=60;";

    /// <summary>The configured <c>Options</c> come after these and add to them. The last of the same name holds.</summary>
    private const string Timeouts = "-c lock_timeout=10s -c idle_in_transaction_session_timeout=5s";

    /// <summary>
    /// For several hosts: looks each second which one is the primary. Npgsql's ten seconds would keep everybody out for longer
    /// after a standby was promoted. A server without power does not answer at all, and is given up sooner than the only one.
    /// </summary>
    private const string DefaultsOfSeveral = "Target Session Attributes=primary;Host Recheck Seconds=1;Timeout=2;";

    /// <summary>Instead of the value, which contains a password.</summary>
    private const string Hidden = "(not shown)";

    /// <returns>Null for SQLite.</returns>
    /// <exception cref="ConfigurationException">The string cannot be read.</exception>
    public static string? Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (configuration[Key] is not { } text || string.IsNullOrWhiteSpace(text))
            return null;
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(Defaults + text);
            if (settings.Host?.Contains(',', StringComparison.Ordinal) is true)
                settings = new NpgsqlConnectionStringBuilder(Defaults + DefaultsOfSeveral + text);
            settings.Options = $"{Timeouts} {settings.Options}".TrimEnd();
            if (settings.Host is { Length: > 0 } && settings.Database is { Length: > 0 })
                return settings.ToString();
        }
        catch (ArgumentException)
        {
            // Its message can quote the password
        }

        throw new ConfigurationException(Key, Hidden, "empty for SQLite, or a connection string of Npgsql with at least "
            + "Host and Database, such as Host=db.example.org;Database=sentinelcam;Username=sentinelcam;Password=...");
    }

    /// <summary>For one connection outside of the pool: what it holds, such as a lock, ends when it is closed.</summary>
    /// <param name="server">The connection string.</param>
    /// <param name="name">What PostgreSQL calls the connection.</param>
    internal static NpgsqlConnectionStringBuilder Unpooled(string server, string name) =>
        new(server) { ApplicationName = name, Pooling = false };

    /// <summary>Tells the triggers which process a connection belongs to.</summary>
    internal static string WithOrigin(string server, CommitSignal commits)
    {
        var settings = new NpgsqlConnectionStringBuilder(server);
        settings.Options += $" -c sentinelcam.process={commits.Origin}";
        return settings.ToString();
    }

    /// <summary>Refuses a backup of SentinelCam's own, which is of a file, while PostgreSQL is configured.</summary>
    /// <exception cref="ConfigurationException">It is.</exception>
    public static void RefuseOwnBackup(IConfiguration configuration)
    {
        if (Read(configuration) is not null)
            throw new ConfigurationException(Key, Hidden, "empty for backups by SentinelCam, which are of SQLite. "
                + "PostgreSQL has its own tools, such as pg_basebackup.");
    }
}
