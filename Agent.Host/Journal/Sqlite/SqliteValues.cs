using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Microsoft.Data.Sqlite;

namespace Agent.Host.Journal.Sqlite;

/// <summary>How the values of the domain lie in columns.</summary>
internal static class SqliteValues
{
    public static byte[] Of(DomainName name) => name.Fold().Wire.ToArray();

    public static byte[] Of(ContentHash hash)
    {
        var bytes = new byte[ContentHash.Size];
        hash.CopyTo(bytes);
        return bytes;
    }

    public static object? Of(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds();

    public static object? Of(TimeSpan? span) => span is { } value ? (long)value.TotalMilliseconds : null;

    public static object? Of(uint? number) => number is { } value ? (long)value : null;

    /// <summary>Rows never pass unchecked into the program: what does not parse is damage of the file.</summary>
    public static DomainName ReadName(this SqliteDataReader reader, int column) =>
        DomainName.TryFromWire(reader.GetFieldValue<byte[]>(column), out DomainName? name)
            ? name
            : throw new IOException("The journal is damaged: a name is malformed.");

    public static DomainName ReadNameText(this SqliteDataReader reader, int column) =>
        DomainName.TryParse(reader.GetString(column), out DomainName? name)
            ? name
            : throw new IOException("The journal is damaged: the text of a name is malformed.");

    public static ContentHash ReadHash(this SqliteDataReader reader, int column) =>
        ContentHash.TryFromBytes(reader.GetFieldValue<byte[]>(column), out ContentHash hash)
            ? hash
            : throw new IOException("The journal is damaged: a hash is malformed.");

    public static DateTimeOffset ReadTime(this SqliteDataReader reader, int column) =>
        DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(column));

    public static DateTimeOffset? ReadTimeOrNull(this SqliteDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.ReadTime(column);

    public static TimeSpan? ReadSpanOrNull(this SqliteDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : TimeSpan.FromMilliseconds(reader.GetInt64(column));

    public static uint ReadNumber(this SqliteDataReader reader, int column) => unchecked((uint)reader.GetInt64(column));

    public static uint? ReadNumberOrNull(this SqliteDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.ReadNumber(column);

    public static string? ReadTextOrNull(this SqliteDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetString(column);

    /// <summary>A reason in two columns, code and text.</summary>
    public static Reason? ReadReason(this SqliteDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : new Reason(reader.GetString(column), reader.ReadTextOrNull(column + 1) ?? string.Empty);

    /// <summary>Whose a zone is, in four columns.</summary>
    public static ZoneOwner? ReadOwner(this SqliteDataReader reader, int column) => reader.IsDBNull(column)
        ? null
        : new ZoneOwner(
            reader.ReadName(column),
            reader.ReadTextOrNull(column + 1) ?? "",
            reader.ReadTextOrNull(column + 2) ?? "",
            reader.IsDBNull(column + 3) ? null : reader.ReadName(column + 3));
}
