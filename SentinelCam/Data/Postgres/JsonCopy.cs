using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage.Json;

namespace SentinelCam.Data;

/// <summary>
/// Rewrites a column of JSON from SQLite for PostgreSQL. EF Core writes bytes in hexadecimal there and in Base64 here, and times
/// differently, too.
/// </summary>
internal sealed class JsonCopy
{
    private readonly List<(string Name, JsonValueReaderWriter From, JsonValueReaderWriter To)> _members = [];

    /// <param name="source">The model on SQLite.</param>
    /// <param name="target">The model on PostgreSQL.</param>
    /// <param name="table">The table.</param>
    /// <param name="column">The column.</param>
    public JsonCopy(IModel source, IModel target, string table, string column)
    {
        var (from, to) = (TypeOf(source, table, column), TypeOf(target, table, column));
        foreach (var property in to.GetProperties())
            if (property.GetJsonPropertyName() is { } name)
                _members.Add((name, WriterOf(from.FindProperty(property.Name)!), WriterOf(property)));
    }

    public string Convert(string json)
    {
        var members = JsonNode.Parse(json)!.AsObject();
        foreach (var (name, from, to) in _members)
            if (members[name] is { } value)
                members[name] = JsonNode.Parse(to.ToJsonString(from.FromJsonString(value.ToJsonString())));
        return members.ToJsonString();
    }

    private static IEntityType TypeOf(IModel model, string table, string column) => model.GetEntityTypes()
        .Single(type => type.IsMappedToJson() && type.GetContainerColumnName() == column && type.GetTableName() == table);

    private static JsonValueReaderWriter WriterOf(IProperty property) =>
        property.GetJsonValueReaderWriter() ?? property.GetTypeMapping().JsonValueReaderWriter!;
}
