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
    private readonly Dictionary<string, SqliteCommand> _statements = new(ReferenceEqualityComparer.Instance);

    public SqlSession(SqliteConnection connection) => _connection = connection;

    public int Execute(string sql, params ReadOnlySpan<object?> arguments) =>
        Prepare(sql, arguments).ExecuteNonQuery();

    public T? Scalar<T>(string sql, params ReadOnlySpan<object?> arguments)
    {
        using var reader = Prepare(sql, arguments).ExecuteReader();
        return reader.Read() && !reader.IsDBNull(0) ? reader.GetFieldValue<T>(0) : default;
    }

    public T? First<T>(string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<object?> arguments)
    {
        using var reader = Prepare(sql, arguments).ExecuteReader();
        return reader.Read() ? map(reader) : default;
    }

    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<object?> arguments)
    {
        using var reader = Prepare(sql, arguments).ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(map(reader));
        return rows;
    }

    /// <summary>Runs SQL that is used once, such as a schema script, without keeping it prepared.</summary>
    public void ExecuteOnce(string sql)
    {
        using var command = CreateCommand(sql);
        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values) statement.Dispose();
        _statements.Clear();
        _connection.Dispose();
    }

    private SqliteCommand Prepare(string sql, ReadOnlySpan<object?> arguments)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            statement = CreateCommand(sql);
            foreach (var name in ParameterName().Matches(sql).Select(match => match.Value).Distinct())
                statement.Parameters.Add(new SqliteParameter { ParameterName = name });
            _statements.Add(sql, statement);
        }

        if (statement.Parameters.Count != arguments.Length)
            throw new ArgumentException($"{statement.Parameters.Count} arguments are needed: {sql}", nameof(arguments));

        for (var i = 0; i < arguments.Length; i++)
            statement.Parameters[i].Value = arguments[i] ?? DBNull.Value;

        return statement;
    }

    private SqliteCommand CreateCommand(string sql)
    {
        var command = _connection.CreateCommand();
#pragma warning disable CA2100 // The text is always one of this namespace's constants or schema scripts
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }

    [GeneratedRegex(@"\$\w+")]
    private static partial Regex ParameterName();
}
