using System.Buffers;
using System.Text;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Npgsql;
using NpgsqlTypes;

namespace Agent.Host.Journal.Postgres;

/// <summary>How the values of the domain lie in columns, and how whole columns of them are sent.</summary>
internal static class PostgresValues
{
    private static readonly SearchValues<char> Nul = SearchValues.Create("\0");
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static byte[] Of(DomainName name) => name.Fold().Wire.ToArray();

    public static byte[] Of(ContentHash hash)
    {
        var bytes = new byte[ContentHash.Size];
        hash.CopyTo(bytes);
        return bytes;
    }

    public static long Of(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    public static long? Of(TimeSpan? span) => span is { } value ? (long)value.TotalMilliseconds : null;

    /// <summary>Text as the database takes it: it knows no NUL, and half of a surrogate pair is no character.</summary>
    public static string? Of(string? text)
    {
        if (text is null) return null;
        if (text.AsSpan().ContainsAny(Nul)) text = text.Replace('\0', '\uFFFD');
        try
        {
            _ = Strict.GetByteCount(text);
            return text;
        }
        catch (EncoderFallbackException)
        {
            return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        }
    }

    public static void AddNumber(this NpgsqlParameterCollection parameters, long value) =>
        parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bigint, Value = value });

    public static void AddId(this NpgsqlParameterCollection parameters, Guid value) =>
        parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Uuid, Value = value });

    public static void AddOctets(this NpgsqlParameterCollection parameters, byte[] value) =>
        parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bytea, Value = value });

    public static void AddOctets(this NpgsqlParameterCollection parameters, ReadOnlyMemory<byte> value) =>
        parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bytea, Value = value });

    public static void AddText(this NpgsqlParameterCollection parameters, string value) =>
        parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = value });

    public static void AddColumn(this NpgsqlParameterCollection parameters, IEnumerable<byte[]?> column) =>
        parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea, Value = column.ToArray() });

    public static void AddColumn(this NpgsqlParameterCollection parameters, IEnumerable<string?> column) =>
        parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text, Value = column.Select(Of).ToArray() });

    public static void AddColumn(this NpgsqlParameterCollection parameters, IEnumerable<long> column) =>
        parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint, Value = column.ToArray() });

    public static void AddColumn(this NpgsqlParameterCollection parameters, IEnumerable<long?> column) =>
        parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint, Value = column.ToArray() });

    public static void AddColumn(this NpgsqlParameterCollection parameters, IEnumerable<int> column) =>
        parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer, Value = column.ToArray() });

    /// <summary>Rows never pass unchecked into the program: what does not parse is damage.</summary>
    public static DomainName ReadName(this NpgsqlDataReader reader, int column) =>
        DomainName.TryFromWire(reader.GetFieldValue<byte[]>(column), out DomainName? name)
            ? name
            : throw new IOException("The journal is damaged: a name is malformed.");

    public static DomainName ReadNameText(this NpgsqlDataReader reader, int column) =>
        DomainName.TryParse(reader.GetString(column), out DomainName? name)
            ? name
            : throw new IOException("The journal is damaged: the text of a name is malformed.");

    public static ContentHash ReadHash(this NpgsqlDataReader reader, int column) =>
        ContentHash.TryFromBytes(reader.GetFieldValue<byte[]>(column), out ContentHash hash)
            ? hash
            : throw new IOException("The journal is damaged: a hash is malformed.");

    public static DateTimeOffset ReadTime(this NpgsqlDataReader reader, int column) =>
        DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(column));

    public static DateTimeOffset? ReadTimeOrNull(this NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.ReadTime(column);

    public static TimeSpan? ReadSpanOrNull(this NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : TimeSpan.FromMilliseconds(reader.GetInt64(column));

    public static uint ReadNumber(this NpgsqlDataReader reader, int column) => unchecked((uint)reader.GetInt64(column));

    public static uint? ReadNumberOrNull(this NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.ReadNumber(column);

    public static string? ReadTextOrNull(this NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetString(column);

    /// <summary>A reason in two columns, code and text.</summary>
    public static Reason? ReadReason(this NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : new Reason(reader.GetString(column), reader.ReadTextOrNull(column + 1) ?? string.Empty);
}
