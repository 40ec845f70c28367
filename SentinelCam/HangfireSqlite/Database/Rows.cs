using Hangfire.Storage;

namespace SentinelCam.HangfireSqlite.Database;

/// <summary>Columns that go together.</summary>
internal static class Rows
{
    /// <summary>type, method, parameter_types, arguments and queue, from the given column on.</summary>
    public static InvocationData InvocationData(this Row row, int column) => new(
        row.NullableText(column), row.NullableText(column + 1), row.NullableText(column + 2),
        row.NullableText(column + 3), row.NullableText(column + 4));
}
