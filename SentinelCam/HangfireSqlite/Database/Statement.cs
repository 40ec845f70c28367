using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace SentinelCam.HangfireSqlite.Database;

/// <summary>
/// A prepared statement, called through the binding that Microsoft.Data.Sqlite stands on: a SqliteCommand looks up
/// each parameter by its name and makes a reader each time, which costs as much as the statement itself.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _handle;
    private readonly int _parameters;

    /// <param name="database">The open connection.</param>
    /// <param name="sql">One statement.</param>
    /// <param name="parameters">How many different parameters it has; SQLite numbers them by first appearance.</param>
    /// <exception cref="SqliteException">The statement is wrong, or the file cannot be read.</exception>
    public Statement(sqlite3 database, string sql, int parameters)
    {
        _database = database;
        _parameters = parameters;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _handle));
        Row = new Row(_handle);
    }

    /// <summary>The row that the last step reached.</summary>
    public Row Row { get; }

    public void Bind(ReadOnlySpan<object?> arguments)
    {
        if (arguments.Length != _parameters)
            throw new ArgumentException($"{_parameters} arguments are needed", nameof(arguments));

        for (var i = 0; i < arguments.Length; i++) Check(Bind(i + 1, arguments[i]));
    }

    /// <returns>Whether there is a row.</returns>
    /// <exception cref="SqliteException">The statement failed.</exception>
    public bool Step()
    {
        var result = raw.sqlite3_step(_handle);
        if (result == raw.SQLITE_ROW) return true;
        if (result != raw.SQLITE_DONE) Check(result);
        return false;
    }

    public int Changes() => raw.sqlite3_changes(_database);

    // Reset repeats the error of the step, which has been thrown already
    public void Reset() => _ = raw.sqlite3_reset(_handle);

    public void Dispose() => _handle.Dispose();

    private int Bind(int position, object? value) => value switch
    {
        null => raw.sqlite3_bind_null(_handle, position),
        string text => BindText(position, text),
        long number => raw.sqlite3_bind_int64(_handle, position, number),
        int number => raw.sqlite3_bind_int64(_handle, position, number),
        double number => raw.sqlite3_bind_double(_handle, position, number),
        _ => throw new ArgumentException($"A {value.GetType()} cannot be stored", nameof(value)),
    };

    // With its length, since a text may have a zero in it
    private int BindText(int position, string text)
    {
        var longest = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (longest > 1024) return raw.sqlite3_bind_text(_handle, position, Encoding.UTF8.GetBytes(text).AsSpan());

        Span<byte> bytes = stackalloc byte[1024];
        return raw.sqlite3_bind_text(_handle, position, bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK) SqliteException.ThrowExceptionForRC(result, _database);
    }
}

/// <summary>The columns of the row that a statement is at.</summary>
internal sealed class Row(sqlite3_stmt statement)
{
    public int Columns => raw.sqlite3_column_count(statement);

    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public long Integer(int column) => raw.sqlite3_column_int64(statement, column);

    public long? NullableInteger(int column) => IsNull(column) ? null : Integer(column);

    public string Text(int column) => Encoding.UTF8.GetString(raw.sqlite3_column_blob(statement, column));

    public string? NullableText(int column) => IsNull(column) ? null : Text(column);

    public T? Get<T>(int column)
    {
        if (IsNull(column)) return default;
        if (typeof(T) == typeof(string)) return (T)(object)Text(column);
        if (typeof(T) == typeof(long) || typeof(T) == typeof(long?)) return (T)(object)Integer(column);
        return (T)(object)raw.sqlite3_column_double(statement, column);
    }
}
