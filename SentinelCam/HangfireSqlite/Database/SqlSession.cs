using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;

namespace SentinelCam.HangfireSqlite.Database;

/// <summary>
/// One open connection with its prepared statements. Parameters are named in the SQL ($key) and given in the
/// order in which the names first appear. Not thread-safe: one caller at a time.
/// </summary>
internal sealed partial class SqlSession : IDisposable
{
    private readonly SqliteConnection _connection;

    // Every statement is a constant, so its reference is its identity, which is cheaper than hashing its text.
    private readonly Dictionary<string, Statement> _statements = new(ReferenceEqualityComparer.Instance);

    public SqlSession(SqliteConnection connection) => _connection = connection;

    /// <returns>The number of rows that were inserted, changed or deleted.</returns>
    public int Execute(string sql, params ReadOnlySpan<object?> arguments)
    {
        var statement = Bind(sql, arguments);
        try
        {
            statement.Step();
            return statement.Changes();
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <returns>The first column of the first row; null or nought when there is none.</returns>
    public T? Scalar<T>(string sql, params ReadOnlySpan<object?> arguments)
    {
        var statement = Bind(sql, arguments);
        try
        {
            return statement.Step() ? statement.Row.Get<T>(0) : default;
        }
        finally
        {
            statement.Reset();
        }
    }

    public T? First<T>(string sql, Func<Row, T> map, params ReadOnlySpan<object?> arguments)
    {
        var statement = Bind(sql, arguments);
        try
        {
            return statement.Step() ? map(statement.Row) : default;
        }
        finally
        {
            statement.Reset();
        }
    }

    public List<T> Query<T>(string sql, Func<Row, T> map, params ReadOnlySpan<object?> arguments)
    {
        var statement = Bind(sql, arguments);
        try
        {
            var rows = new List<T>();
            while (statement.Step()) rows.Add(map(statement.Row));
            return rows;
        }
        finally
        {
            statement.Reset();
        }
    }

    /// <summary>Runs SQL that is used once, such as a schema script, without keeping it prepared.</summary>
    public void ExecuteOnce(string sql)
    {
        using var command = _connection.CreateCommand();
#pragma warning disable CA2100 // The text is always one of this namespace's constants or schema scripts
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    /// <summary>Ends a transaction that failed. Never throws: the failure that led here is the one to report.</summary>
    public void RollBack()
    {
        try
        {
            Execute(Sql.RollBack);
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == SqliteError.General)
        {
            // "No transaction is active": SQLite rolls back by itself when the disk is full or cannot be written.
            return;
        }
        catch (SqliteException exception)
        {
            StorageLog.Warn("A failed transaction of the job storage could not be rolled back.", exception);
        }
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values) statement.Dispose();
        _statements.Clear();
        _connection.Dispose();
    }

    private Statement Bind(string sql, ReadOnlySpan<object?> arguments)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            var parameters = ParameterName().Matches(sql).Select(match => match.Value).Distinct().Count();
            statement = new Statement(_connection.Handle!, sql, parameters);
            _statements.Add(sql, statement);
        }

        statement.Bind(arguments);
        return statement;
    }

    [GeneratedRegex(@"\$\w+")]
    private static partial Regex ParameterName();
}
