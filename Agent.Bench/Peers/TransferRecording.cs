using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Agent.Bench.Peers;

/// <summary>
/// The answer to an AXFR, framed as it goes over TCP, kept in memory: either heard from a real server or written here. A master that plays
/// it costs next to nothing, so that what is measured or tested is who receives it.
/// </summary>
public sealed class TransferRecording
{
    private const int HeaderLength = 12;
    private const int MessageBytes = 16 * 1024;
    private const ushort TypeA = 1;
    private const ushort TypeNs = 2;
    private const ushort AnswerFlags = 0x8400;

    // Every written message repeats the question, so its name always stands here.
    private static readonly byte[] PointerToApex = [0xC0, HeaderLength];

    private TransferRecording(string zone, byte[] stream)
    {
        Zone = zone;
        Stream = stream;
        List<int> starts = [];
        for (int at = 0; at + 2 <= stream.Length; at += 2 + BinaryPrimitives.ReadUInt16BigEndian(stream.AsSpan(at)))
        {
            starts.Add(at);
        }

        FrameStarts = starts;
        Soa = FirstRecord(stream.AsSpan(2));
        Serial = BinaryPrimitives.ReadUInt32BigEndian(Soa.AsSpan(Soa.Length - 20));
    }

    public string Zone { get; }

    public uint Serial { get; }

    /// <summary>All messages, each behind its two octets of length.</summary>
    public byte[] Stream { get; }

    /// <summary>Where each frame begins.</summary>
    public IReadOnlyList<int> FrameStarts { get; }

    /// <summary>The first record with its names written out.</summary>
    public byte[] Soa { get; }

    /// <summary>Asks a server for the zone and keeps what it sends, to the closing SOA.</summary>
    public static async Task<TransferRecording> HearAsync(IPEndPoint server, string zone)
    {
        using TcpClient client = new(server.AddressFamily);
        await client.ConnectAsync(server);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(DnsSender.Frame(DnsTestMessage.Request(4711, 0, zone, DnsTestMessage.TypeAxfr)));
        using MemoryStream heard = new();
        byte[]? soa = null;
        while (await DnsSender.ReadFramedAsync(stream, CancellationToken.None) is { } message)
        {
            heard.Write(DnsSender.Frame(message));
            soa ??= FirstRecord(message);
            if (EndsWithSoa(message, soa))
            {
                return new TransferRecording(zone, heard.ToArray());
            }
        }

        throw new IOException($"{server} closed before the end of {zone}");
    }

    /// <summary>A zone of SOA, NS, ns1 and address records of <c>h0</c>, <c>h1</c> and so on, with so many records in all.</summary>
    /// <param name="address">Of the hosts; another one for another version.</param>
    public static TransferRecording Write(string zone, uint serial, int records, string address = "192.0.2.1")
    {
        byte[] apex = DnsTestMessage.EncodeName(zone);
        byte[] host = IPAddress.Parse(address).GetAddressBytes();
        byte[] soa = Record(PointerToApex, DnsTestMessage.TypeSoa, SoaData(serial));
        using FrameWriter writer = new(apex);
        writer.Add(soa);
        writer.Add(Record(PointerToApex, TypeNs, [.. Label("ns1"), .. PointerToApex]));
        writer.Add(Record([.. Label("ns1"), .. PointerToApex], TypeA, [127, 0, 0, 1]));
        for (int i = 3; i < records; i++)
        {
            string label = string.Create(CultureInfo.InvariantCulture, $"h{i - 3}");
            writer.Add(Record([.. Label(label), .. PointerToApex], TypeA, host));
        }

        writer.Add(soa);
        return new TransferRecording(zone, writer.ToArray());
    }

    private static byte[] SoaData(uint serial)
    {
        byte[] numbers = new byte[20];
        uint[] values = [serial, 3600, 600, 86400, 300];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(numbers.AsSpan(4 * i), values[i]);
        }

        return [.. Label("ns1"), .. PointerToApex, .. Label("hostmaster"), .. PointerToApex, .. numbers];
    }

    private static byte[] Label(string label) => DnsTestMessage.EncodeName(label)[..^1];

    private static byte[] Record(byte[] owner, ushort type, byte[] rdata)
    {
        byte[] record = new byte[owner.Length + 10 + rdata.Length];
        owner.CopyTo(record, 0);
        Span<byte> rest = record.AsSpan(owner.Length);
        BinaryPrimitives.WriteUInt16BigEndian(rest, type);
        BinaryPrimitives.WriteUInt16BigEndian(rest[2..], DnsTestMessage.ClassIn);
        BinaryPrimitives.WriteUInt32BigEndian(rest[4..], 3600);
        BinaryPrimitives.WriteUInt16BigEndian(rest[8..], (ushort)rdata.Length);
        rdata.CopyTo(rest[10..]);
        return record;
    }

    private static byte[] FirstRecord(ReadOnlySpan<byte> message)
    {
        int at = HeaderLength;
        if (message[5] > 0)
        {
            at = DnsTestMessage.SkipName(message, at) + 4;
        }

        byte[] owner = Expand(message, ref at);
        byte[] head = message.Slice(at, 8).ToArray();
        at += 10;
        byte[] master = Expand(message, ref at);
        byte[] mailbox = Expand(message, ref at);
        byte[] length = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)(master.Length + mailbox.Length + 20));
        return [.. owner, .. head, .. length, .. master, .. mailbox, .. message.Slice(at, 20)];
    }

    // The numbers of the SOA at the very end of a message that is not only the opening one: nothing else ends a transfer.
    private static bool EndsWithSoa(ReadOnlySpan<byte> message, ReadOnlySpan<byte> soa)
    {
        int answers = BinaryPrimitives.ReadUInt16BigEndian(message[6..]);
        return (answers > 1 || message[5] == 0) && message[^20..].SequenceEqual(soa[^20..]);
    }

    private static byte[] Expand(ReadOnlySpan<byte> message, ref int at)
    {
        List<byte> name = [];
        int end = DnsTestMessage.SkipName(message, at);
        int from = at;
        while (message[from] != 0)
        {
            if (message[from] >= 0xC0)
            {
                from = ((message[from] & 0x3F) << 8) | message[from + 1];
                continue;
            }

            name.AddRange(message.Slice(from, message[from] + 1));
            from += message[from] + 1;
        }

        name.Add(0);
        at = end;
        return [.. name];
    }

    private sealed class FrameWriter : IDisposable
    {
        private readonly byte[] _head;
        private readonly MemoryStream _frames = new();
        private readonly MemoryStream _message = new();
        private int _records;

        public FrameWriter(byte[] apex)
        {
            _head = [0, 0, AnswerFlags >> 8, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. apex, 0, (byte)DnsTestMessage.TypeAxfr, 0, 1];
            _message.Write(_head);
        }

        public void Add(byte[] record)
        {
            if (_message.Length + record.Length > MessageBytes)
            {
                End();
            }

            _message.Write(record);
            _records++;
        }

        public byte[] ToArray()
        {
            End();
            return _frames.ToArray();
        }

        public void Dispose()
        {
            _frames.Dispose();
            _message.Dispose();
        }

        private void End()
        {
            byte[] message = _message.ToArray();
            BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), (ushort)_records);
            _frames.Write(DnsSender.Frame(message));
            _message.SetLength(_head.Length);
            _message.Position = _head.Length;
            _records = 0;
        }
    }
}
