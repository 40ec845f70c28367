using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace SentinelCam.HangfireSqlite.Database;

/// <summary>A file that is open and has our schema: its writer, and readers that are kept for the next caller.</summary>
internal sealed class OpenDatabase : IDisposable
{
    private const int MaxIdleReaders = 32;
    private const int LogBeforeWriterCopies = 32 * 1024 * 1024;

    private readonly string _connectionString;
    private readonly TimeSpan _busyTimeout;
    private readonly ConcurrentStack<SqlSession> _readers = new();
    private readonly Checkpoints _checkpoints;
    private readonly object _watchGate = new();
    private SqlSession? _watch;
    private volatile bool _disposed;

    private OpenDatabase(string connectionString, TimeSpan busyTimeout, SqlSession writer)
    {
        _connectionString = connectionString;
        _busyTimeout = busyTimeout;
        _checkpoints = new Checkpoints(this);
        Writer = new GroupCommitWriter(writer, _checkpoints.CountCommit);
    }

    public GroupCommitWriter Writer { get; }

    /// <exception cref="SqliteException">The file cannot be opened, read or written.</exception>
    /// <exception cref="SqliteJobStorageException">The file is damaged, or not one for this program.</exception>
    public static OpenDatabase Open(string connectionString, string file, SqliteJobStorageOptions options, bool verify)
    {
        var busyTimeout = options.BusyTimeout;
        var session = Connect(connectionString, busyTimeout);
        try
        {
            SchemaMigrator.Check(session, file);
            if (verify && session.Scalar<string>("PRAGMA quick_check(1)") != "ok")
                throw new SqliteJobStorageException(FileProblem.Corrupt(file, "it fails the check of SQLite"));

            // Both take effect only before the first table, and before the journal becomes a WAL. Left to itself
            // SQLite chooses the size of a page by the disk. Small ones make cheap commits: the log takes a whole page
            // for each row that changes.
            session.ExecuteOnce("PRAGMA page_size = 1024");
            session.ExecuteOnce("PRAGMA auto_vacuum = INCREMENTAL");
            if (session.Scalar<string>("PRAGMA journal_mode = WAL") != "wal")
                throw new SqliteJobStorageException(FileProblem.NoLog(file));
            session.ExecuteOnce("PRAGMA synchronous = NORMAL");
            session.ExecuteOnce("PRAGMA journal_size_limit = 16777216");
            session.ExecuteOnce("PRAGMA temp_store = MEMORY");
            // The writer itself copies the log into the file only if the checkpoints cannot keep up
            var pages = LogBeforeWriterCopies / session.Scalar<long>(Sql.PageSize);
            session.ExecuteOnce(string.Create(CultureInfo.InvariantCulture, $"PRAGMA wal_autocheckpoint = {pages}"));
            SchemaMigrator.Migrate(session, file, options.TimeProvider.GetUtcNow());
            LetPagesBeGivenBack(session);
            if (options.MaxPages is { } limit)
                session.ExecuteOnce(string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {limit}"));
            return new OpenDatabase(connectionString, busyTimeout, session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>A number that differs after any commit. It means something only on one and the same connection.</summary>
    public long DataVersion()
    {
        lock (_watchGate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _watch ??= RentReader();
            return _watch.Scalar<long>(Sql.DataVersion);
        }
    }

    public SqlSession RentReader()
    {
        if (_readers.TryPop(out var reader)) return reader;

        reader = Connect(_connectionString, _busyTimeout);
        reader.ExecuteOnce("PRAGMA query_only = ON");
        return reader;
    }

    public void ReturnReader(SqlSession reader)
    {
        if (_readers.Count >= MaxIdleReaders) reader.Dispose();
        else _readers.Push(reader);

        // Whoever closes looks once, and that may have been just before
        if (_disposed) DisposeReaders();
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        DisposeReaders();
        lock (_watchGate) _watch?.Dispose();
        _checkpoints.Dispose();
        Writer.Dispose();
    }

    /// <summary>A file that was not made here may lack the map that this needs; SQLite adds it only by writing the file anew.</summary>
    private static void LetPagesBeGivenBack(SqlSession session)
    {
        if (session.Scalar<long>("PRAGMA auto_vacuum") != 0) return;
        try
        {
            session.ExecuteOnce("VACUUM");
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is SqliteError.Busy or SqliteError.Locked or SqliteError.Full)
        {
            StorageLog.Warn("The file of the job storage will not shrink: it could not be written anew.", exception);
        }
    }

    private void DisposeReaders()
    {
        while (_readers.TryPop(out var reader)) reader.Dispose();
    }

    private static SqlSession Connect(string connectionString, TimeSpan busyTimeout)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        var session = new SqlSession(connection);
        session.ExecuteOnce(string.Create(
            CultureInfo.InvariantCulture, $"PRAGMA busy_timeout = {(int)busyTimeout.TotalMilliseconds}"));
        return session;
    }
}
