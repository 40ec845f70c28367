using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;
using NpgsqlTypes;

namespace SentinelCam.Data;

/// <summary>Copies one table from SQLite to PostgreSQL, and compares both.</summary>
/// <param name="name">The table.</param>
/// <param name="columns">Its columns.</param>
/// <param name="jsonOf">How to rewrite a column of JSON.</param>
internal sealed class TableCopy(string name, IReadOnlyList<IColumn> columns, Func<string, JsonCopy> jsonOf)
{
    /// <summary>Many rows take their time, and at their end their references are checked.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromHours(4);

    private const string DataException = "22";

    private const string IntegrityViolation = "23";

    /// <summary>How many bytes a hash has.</summary>
    private const int HashBytes = 32;

    private readonly string _columns = string.Join(", ", columns.Select(column => $"\"{column.Name}\""));

    private readonly Dictionary<string, JsonCopy> _json = columns.Where(column => TypeOf(column) is NpgsqlDbType.Jsonb)
        .ToDictionary(column => column.Name, column => jsonOf(column.Name), StringComparer.Ordinal);

    public string Name => name;

    /// <summary>Copies all rows.</summary>
    /// <returns>How many.</returns>
    /// <exception cref="InvalidDataException">PostgreSQL does not accept a row.</exception>
    public async Task<long> RunAsync(SqliteConnection source, NpgsqlConnection target, CancellationToken cancellationToken)
    {
        try
        {
            return await CopyAsync(source, target, cancellationToken);
        }
        catch (PostgresException error) when (error.SqlState[..2] is DataException or IntegrityViolation)
        {
            // It says where, such as "COPY Accounts, line 1, column Email"
            var where = error.Where is { } place ? $" ({place})" : "";
            throw new InvalidDataException($"A row of {name} does not fit: {error.MessageText}{where}.", error);
        }
    }

    private async Task<long> CopyAsync(SqliteConnection source, NpgsqlConnection target, CancellationToken cancellationToken)
    {
        await using var copy = await target.BeginBinaryImportAsync(
            $"COPY \"{name}\" ({_columns}) FROM STDIN (FORMAT BINARY)", cancellationToken);
        copy.Timeout = Patience;
        await foreach (var row in ReadAsync(source, cancellationToken))
        {
            await copy.StartRowAsync(cancellationToken);
            for (var i = 0; i < row.Length; i++)
            {
                if (row[i] is { } value)
                    await copy.WriteAsync(value, TypeOf(columns[i]), cancellationToken);
                else
                    await copy.WriteNullAsync(cancellationToken);
            }
        }

        return (long)await copy.CompleteAsync(cancellationToken);
    }

    /// <summary>The number of rows, and a hash of all of them in any order.</summary>
    public async Task<string> SummarizeAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var (count, sum) = (0L, new byte[HashBytes]);
        await foreach (var row in ReadAsync(connection, cancellationToken))
        {
            count++;
            var hash = HashOf(row);
            for (var i = 0; i < HashBytes; i++)
                sum[i] ^= hash[i];
        }

        return string.Create(CultureInfo.InvariantCulture, $"{name} {count} {Convert.ToHexStringLower(sum)}");
    }

    private async IAsyncEnumerable<object?[]> ReadAsync(
        DbConnection connection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {_columns} FROM \"{name}\"";
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var row = new object?[columns.Count];
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = reader.IsDBNull(i) ? null
                    : connection is SqliteConnection ? ValueOfSite(reader.GetValue(i), columns[i])
                    : ValueOf(reader.GetValue(i), TypeOf(columns[i]));
            }

            yield return row;
        }
    }

    /// <summary>A column of SQLite can have values of any type, and any text, if others than the site have written it.</summary>
    private object ValueOfSite(object value, IColumn column)
    {
        try
        {
            var own = ValueOf(value, TypeOf(column));
            // What the site could not read, such as a time that there is not
            if (column.PropertyMappings.Count > 0)
                _ = column.PropertyMappings[0].TypeMapping.Converter?.ConvertFromProvider(own);
            return _json.TryGetValue(column.Name, out var json) ? json.Convert((string)own) : own;
        }
        catch (Exception error)
        {
            throw new InvalidDataException($"A row of {name} has an invalid value in {column.Name}: {error.Message}", error);
        }
    }

    /// <summary>The value as PostgreSQL stores it. SQLite knows neither booleans nor JSON.</summary>
    private static object ValueOf(object value, NpgsqlDbType type) => type switch
    {
        NpgsqlDbType.Boolean => Convert.ToBoolean(value, CultureInfo.InvariantCulture),
        NpgsqlDbType.Integer => Convert.ToInt32(value, CultureInfo.InvariantCulture),
        NpgsqlDbType.Bigint => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        NpgsqlDbType.Double => Convert.ToDouble(value, CultureInfo.InvariantCulture),
        // PostgreSQL has no text with this character
        NpgsqlDbType.Text => ((string)value).Replace('\0', '\uFFFD'),
        NpgsqlDbType.Bytea => (byte[])value,
        _ => (string)value,
    };

    private static NpgsqlDbType TypeOf(IColumn column) => column.StoreType switch
    {
        "boolean" => NpgsqlDbType.Boolean,
        "integer" => NpgsqlDbType.Integer,
        "bigint" => NpgsqlDbType.Bigint,
        "double precision" => NpgsqlDbType.Double,
        "bytea" => NpgsqlDbType.Bytea,
        "jsonb" => NpgsqlDbType.Jsonb,
        var text when text == "text" || text.StartsWith("character varying", StringComparison.Ordinal) => NpgsqlDbType.Text,
        var other => throw new NotSupportedException($"{column.Table.Name}.{column.Name} is {other}."),
    };

    private byte[] HashOf(object?[] row)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < row.Length; i++)
        {
            var bytes = row[i] switch
            {
                null => null,
                byte[] binary => binary,
                string json when TypeOf(columns[i]) is NpgsqlDbType.Jsonb => Encoding.UTF8.GetBytes(Canonical(json)),
                IFormattable number => Encoding.UTF8.GetBytes(number.ToString(null, CultureInfo.InvariantCulture)),
                var other => Encoding.UTF8.GetBytes(other.ToString()!),
            };
            // The length separates neighbouring values
            hash.AppendData(BitConverter.GetBytes(bytes?.Length ?? -1));
            hash.AppendData(bytes ?? []);
        }

        return hash.GetHashAndReset();
    }

    /// <summary>PostgreSQL orders the members of objects in its own way.</summary>
    private static string Canonical(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Canonical(document.RootElement);
    }

    private static string Canonical(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(',', element.EnumerateObject()
            .OrderBy(member => member.Name, StringComparer.Ordinal)
            .Select(member => $"{JsonSerializer.Serialize(member.Name)}:{Canonical(member.Value)}")) + "}",
        JsonValueKind.Array => "[" + string.Join(',', element.EnumerateArray().Select(Canonical)) + "]",
        JsonValueKind.String => JsonSerializer.Serialize(element.GetString()),
        _ => element.GetRawText(),
    };
}
