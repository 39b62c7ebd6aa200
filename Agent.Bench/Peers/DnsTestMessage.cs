using System.Buffers.Binary;
using System.Globalization;

namespace Agent.Bench.Peers;

/// <summary>
/// Just enough of RFC 1035 to ask and to read answers from outside. Written apart from Agent.Dns on purpose: what that library gets wrong
/// in both directions would otherwise look right here.
/// </summary>
public static class DnsTestMessage
{
    public const ushort TypeSoa = 6;
    public const ushort TypeOpt = 41;
    public const ushort TypeIxfr = 251;
    public const ushort TypeAxfr = 252;
    public const ushort ClassIn = 1;

    private const int HeaderLength = 12;
    private const int AnswerCountAt = 6;

    // Two names of the root, and five numbers of which the serial is the first.
    private const int SoaNumbersLength = 5 * sizeof(uint);
    private const int SoaLength = 2 + SoaNumbersLength;

    /// <summary>A name in wire form; <c>\.</c> and <c>\DDD</c> escapes are read, the final dot is optional.</summary>
    public static byte[] EncodeName(string name)
    {
        List<byte> wire = [];
        List<byte> label = [];
        for (int i = 0; i < name.Length; i++)
        {
            if (name[i] == '.')
            {
                EndLabel();
            }
            else if (name[i] != '\\')
            {
                label.Add((byte)name[i]);
            }
            else if (char.IsAsciiDigit(name[i + 1]))
            {
                label.Add(byte.Parse(name.AsSpan(i + 1, 3), CultureInfo.InvariantCulture));
                i += 3;
            }
            else
            {
                label.Add((byte)name[++i]);
            }
        }

        EndLabel();
        wire.Add(0);
        return [.. wire];

        void EndLabel()
        {
            if (label.Count > 0)
            {
                wire.Add((byte)label.Count);
                wire.AddRange(label);
                label.Clear();
            }
        }
    }

    /// <summary>A request with one question and nothing else.</summary>
    public static byte[] Request(ushort id, ushort flags, string name, ushort type, ushort recordClass = ClassIn)
    {
        byte[] owner = EncodeName(name);
        byte[] message = new byte[HeaderLength + owner.Length + 4];
        BinaryPrimitives.WriteUInt16BigEndian(message, id);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), flags);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), 1);
        owner.CopyTo(message, HeaderLength);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(HeaderLength + owner.Length), type);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(HeaderLength + owner.Length + 2), recordClass);
        return message;
    }

    /// <summary>A NOTIFY with the new SOA as its answer (RFC 1996 section 3.7), as BIND, Knot and NSD send it.</summary>
    public static byte[] NotifyOf(ushort id, string zone, uint serial)
    {
        byte[] soa = Record(zone, TypeSoa, ttl: 3600, new byte[SoaLength]);
        byte[] message = [.. Request(id, WorkerClient.NotifyFlags, zone, TypeSoa), .. soa];
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(AnswerCountAt), 1);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(message.Length - SoaNumbersLength), serial);
        return message;
    }

    /// <summary>The same request with an OPT record (RFC 6891) at its end.</summary>
    public static byte[] WithOpt(byte[] request, ushort payloadBytes = 1232, byte version = 0, bool dnssecOk = false)
    {
        byte flags = dnssecOk ? (byte)0x80 : (byte)0;
        byte[] opt = [0, 0, (byte)TypeOpt, (byte)(payloadBytes >> 8), (byte)payloadBytes, 0, version, flags, 0, 0, 0];
        byte[] message = [.. request, .. opt];
        int additional = BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(10)) + 1;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(10), (ushort)additional);
        return message;
    }

    /// <summary>One resource record in wire form, nothing compressed.</summary>
    public static byte[] Record(string owner, ushort type, uint ttl, ReadOnlySpan<byte> rdata, ushort recordClass = ClassIn)
    {
        byte[] name = EncodeName(owner);
        byte[] record = new byte[name.Length + 10 + rdata.Length];
        name.CopyTo(record, 0);
        Span<byte> rest = record.AsSpan(name.Length);
        BinaryPrimitives.WriteUInt16BigEndian(rest, type);
        BinaryPrimitives.WriteUInt16BigEndian(rest[2..], recordClass);
        BinaryPrimitives.WriteUInt32BigEndian(rest[4..], ttl);
        BinaryPrimitives.WriteUInt16BigEndian(rest[8..], (ushort)rdata.Length);
        rdata.CopyTo(rest[10..]);
        return record;
    }

    /// <summary>The offset behind the name at <paramref name="offset"/>; compressed ones end at their pointer.</summary>
    public static int SkipName(ReadOnlySpan<byte> message, int offset)
    {
        while (message[offset] != 0)
        {
            if (message[offset] >= 0xC0)
            {
                return offset + 2;
            }

            offset += message[offset] + 1;
        }

        return offset + 1;
    }
}
