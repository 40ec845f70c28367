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

    /// <summary>How many bytes a hash has.</summary>
    private const int HashBytes = 32;

    private readonly string _columns = string.Join(", ", columns.Select(column => $"\"{column.Name}\""));

    private readonly Dictionary<string, JsonCopy> _json = columns.Where(column => TypeOf(column) is NpgsqlDbType.Jsonb)
        .ToDictionary(column => column.Name, column => jsonOf(column.Name), StringComparer.Ordinal);

    public string Name => name;

    /// <summary>Copies all rows.</summary>
    /// <returns>How many.</returns>
    public async Task<long> RunAsync(SqliteConnection source, NpgsqlConnection target, CancellationToken cancellationToken)
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
                row[i] = reader.IsDBNull(i) ? null : ValueOf(reader.GetValue(i), TypeOf(columns[i]));
                if (connection is SqliteConnection && row[i] is string json
                    && _json.GetValueOrDefault(columns[i].Name) is { } copy)
                {
                    row[i] = copy.Convert(json);
                }
            }

            yield return row;
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
        _ => value,
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
