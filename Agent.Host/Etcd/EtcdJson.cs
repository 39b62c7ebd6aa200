using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Agent.Actors.Cluster;

namespace Agent.Host.Etcd;

/// <summary>
/// Reads what a server sent, believing nothing: a missing field is its default, as in protocol buffers, and a field of another kind is a
/// <see cref="FormatException"/>.
/// </summary>
internal static class EtcdJson
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 16 };

    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="FormatException">It is no object.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> octets)
    {
        JsonDocument document = JsonDocument.Parse(octets, Options);
        if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
        document.Dispose();
        throw new FormatException("the answer is no object");
    }

    public static JsonElement? Object(JsonElement parent, string name) =>
        Field(parent, name) is not { } field ? null : field.ValueKind == JsonValueKind.Object ? field : throw Wrong(name);

    public static JsonElement RequiredObject(JsonElement parent, string name) =>
        Object(parent, name) ?? throw new FormatException($"the answer has no {name}");

    /// <summary>The objects of a list; none when it is missing.</summary>
    public static IEnumerable<JsonElement> Objects(JsonElement parent, string name)
    {
        if (Field(parent, name) is not { } field) return [];
        if (field.ValueKind != JsonValueKind.Array) throw Wrong(name);
        return field.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Object ? item : throw Wrong(name));
    }

    public static long Number(JsonElement parent, string name) => Field(parent, name) switch
    {
        null => 0,
        { ValueKind: JsonValueKind.String } field when TryParse(field.GetString(), out long value) => value,
        { ValueKind: JsonValueKind.Number } field when field.TryGetInt64(out long value) => value,
        _ => throw Wrong(name),
    };

    /// <summary>A number that is never negative: a revision, a term, a time to live.</summary>
    public static long Count(JsonElement parent, string name) =>
        Number(parent, name) is var value && value >= 0 ? value : throw Wrong(name);

    public static ulong Identity(JsonElement parent, string name) => Field(parent, name) switch
    {
        null => 0,
        { ValueKind: JsonValueKind.String } field
            when ulong.TryParse(field.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) => value,
        { ValueKind: JsonValueKind.Number } field when field.TryGetUInt64(out ulong value) => value,
        _ => throw Wrong(name),
    };

    public static bool Flag(JsonElement parent, string name) => Field(parent, name) switch
    {
        null or { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        _ => throw Wrong(name),
    };

    public static string Text(JsonElement parent, string name) => Field(parent, name) switch
    {
        null => "",
        { ValueKind: JsonValueKind.String } field => field.GetString() ?? "",
        _ => throw Wrong(name),
    };

    public static byte[] Octets(JsonElement parent, string name) => Field(parent, name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.String } field when field.TryGetBytesFromBase64(out byte[]? value) => value,
        _ => throw Wrong(name),
    };

    public static string Key(JsonElement entry) => Encoding.UTF8.GetString(Octets(entry, "key"));

    public static StoreEntry Entry(JsonElement entry) => new(
        Key(entry),
        ImmutableCollectionsMarshal.AsImmutableArray(Octets(entry, "value")),
        Count(entry, "create_revision"),
        Count(entry, "mod_revision"),
        Number(entry, "lease"));

    private static JsonElement? Field(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement field) && field.ValueKind != JsonValueKind.Null ? field : null;

    private static bool TryParse(string? text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static FormatException Wrong(string name) => new($"the answer has a {name} of another kind");
}
