using System.Buffers.Binary;
using System.Text;

namespace Agent.Backends.Bind9;

/// <summary>
/// An ordered table of the control protocol: names to texts or to tables. Lists exist in the format too; nothing we exchange holds
/// one, so
/// they are stepped over.
/// </summary>
public sealed class RndcTable
{
    /// <summary>How deep tables and lists may lie inside each other.</summary>
    public const int DepthMax = 10;

    /// <summary>How many entries a message may have, all tables together.</summary>
    public const int EntriesMax = 256;

    private const byte StringType = 0;
    private const byte BinaryType = 1;
    private const byte TableType = 2;
    private const byte ListType = 3;
    private const int ValueHeadSize = 5;

    private readonly List<(string Name, object Value)> _entries = [];

    /// <summary>Entries of this table alone.</summary>
    public int Count => _entries.Count;

    /// <summary>Appends a text.</summary>
    public RndcTable Add(string name, string text)
    {
        _entries.Add((name, text));
        return this;
    }

    /// <summary>Appends a table.</summary>
    public RndcTable Add(string name, RndcTable table)
    {
        _entries.Add((name, table));
        return this;
    }

    /// <summary>The text called so, or null.</summary>
    public string? Text(string name) => Find(name) as string;

    /// <summary>The table called so, or null.</summary>
    public RndcTable? Table(string name) => Find(name) as RndcTable;

    /// <summary>Writes all entries back to back.</summary>
    internal void Write(MemoryStream destination)
    {
        Span<byte> head = stackalloc byte[ValueHeadSize];
        foreach ((string name, object value) in _entries)
        {
            byte[] nameOctets = Encoding.UTF8.GetBytes(name);
            destination.WriteByte(checked((byte)nameOctets.Length));
            destination.Write(nameOctets);
            MemoryStream body = new();
            if (value is RndcTable table)
                table.Write(body);
            else
                body.Write(Encoding.UTF8.GetBytes((string)value));
            head[0] = value is RndcTable ? TableType : BinaryType;
            BinaryPrimitives.WriteInt32BigEndian(head[1..], checked((int)body.Length));
            destination.Write(head);
            body.WriteTo(destination);
        }
    }

    /// <summary>Reads entries until the octets end; false when they break the format or its bounds.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> octets, out RndcTable table)
    {
        int budget = EntriesMax;
        return TryReadTable(octets, depth: 1, ref budget, out table);
    }

    /// <summary>Takes the expected entry off the front without looking into its value; false when another one stands there.</summary>
    internal static bool TryReadEntry(
        ref ReadOnlySpan<byte> octets, ReadOnlySpan<byte> name, bool isTable, out ReadOnlySpan<byte> value) =>
        TryTakeEntry(ref octets, out ReadOnlySpan<byte> found, out byte type, out value)
        && found.SequenceEqual(name) && type == (isTable ? TableType : BinaryType);

    private object? Find(string name) => _entries.Find(entry => string.Equals(entry.Name, name, StringComparison.Ordinal)).Value;

    private static bool TryReadTable(ReadOnlySpan<byte> octets, int depth, ref int budget, out RndcTable table)
    {
        table = new RndcTable();
        if (depth > DepthMax)
            return false;
        while (!octets.IsEmpty)
        {
            if (!TryTakeEntry(ref octets, out ReadOnlySpan<byte> name, out byte type, out ReadOnlySpan<byte> value) || --budget < 0)
                return false;
            switch (type)
            {
                case StringType or BinaryType:
                    table.Add(Encoding.UTF8.GetString(name), Encoding.UTF8.GetString(value));
                    break;
                case TableType:
                    if (!TryReadTable(value, depth + 1, ref budget, out RndcTable inner))
                        return false;
                    table.Add(Encoding.UTF8.GetString(name), inner);
                    break;
                case ListType:
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private static bool TryTakeEntry(
        ref ReadOnlySpan<byte> octets, out ReadOnlySpan<byte> name, out byte type, out ReadOnlySpan<byte> value)
    {
        name = value = default;
        type = 0;
        if (octets.IsEmpty || octets.Length < 1 + octets[0] + ValueHeadSize)
            return false;
        name = octets.Slice(1, octets[0]);
        ReadOnlySpan<byte> rest = octets[(1 + name.Length)..];
        type = rest[0];
        uint length = BinaryPrimitives.ReadUInt32BigEndian(rest[1..]);
        rest = rest[ValueHeadSize..];
        if (length > (uint)rest.Length)
            return false;
        value = rest[..(int)length];
        octets = rest[(int)length..];
        return true;
    }
}
