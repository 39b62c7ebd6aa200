using System.Buffers.Binary;
using System.Net;
using Agent.Bench.Peers;

namespace Agent.Bench.Provision;

/// <summary>
/// A master that has every zone it is asked for, each with the same few records and one serial for all: made to cost next to nothing
/// beside what is measured. Everything behind the question is the same octets for every zone, because owners point at the question.
/// With each serial the address of the first host is another one.
/// </summary>
public sealed class SmallZoneMaster : IAsyncDisposable
{
    private const int HeaderSize = 12;
    private const ushort ResponseFlags = 0x8400;

    private readonly MasterSockets _sockets;
    private readonly int _hosts;
    private volatile Content _content;

    /// <param name="hosts">Address records in each zone, besides SOA, NS and the address of the name server; at least one.</param>
    public SmallZoneMaster(int hosts)
    {
        _hosts = hosts;
        _content = new Content(1, hosts);
        _sockets = LoopbackPort.Open(IPAddress.Loopback, at => new MasterSockets(at, Answer));
    }

    public IPEndPoint EndPoint => _sockets.EndPoint;

    /// <summary>Of every zone.</summary>
    public uint Serial
    {
        get => _content.Serial;
        set => _content = new Content(value, _hosts);
    }

    public ValueTask DisposeAsync() => _sockets.DisposeAsync();

    /// <summary>The answer to a query, by TCP also the whole zone in one message; none when the query cannot be read.</summary>
    private int Answer(ReadOnlySpan<byte> query, Span<byte> answer, bool isTcp)
    {
        int at = HeaderSize;
        while (at < query.Length && query[at] != 0)
        {
            at += query[at] + 1;
        }

        int end = at + 5;
        if (end > query.Length)
        {
            return 0;
        }

        bool isTransfer = isTcp && BinaryPrimitives.ReadUInt16BigEndian(query[(at + 1)..]) >= DnsTestMessage.TypeIxfr;
        Content content = _content;
        byte[] records = isTransfer ? content.Transfer : content.Soa;
        query[..end].CopyTo(answer);
        records.CopyTo(answer[end..]);
        BinaryPrimitives.WriteUInt16BigEndian(answer[2..], ResponseFlags);
        BinaryPrimitives.WriteUInt16BigEndian(answer[6..], (ushort)(isTransfer ? _hosts + 4 : 1));
        answer[8..12].Clear();
        return end + records.Length;
    }

    /// <summary>What stands behind the question. Exchanged as a whole, so that no answer mixes two serials.</summary>
    private sealed class Content
    {
        private static readonly byte[] Apex = [0xC0, HeaderSize];

        public Content(uint serial, int hosts)
        {
            Serial = serial;
            byte[] rdata =
                [1, (byte)'m', .. Apex, 1, (byte)'h', .. Apex, 0, 0, 0, 0, 0, 0, 14, 16, 0, 0, 2, 88, 0, 1, 81, 128, 0, 0, 1, 44];
            BinaryPrimitives.WriteUInt32BigEndian(rdata.AsSpan(8), serial);
            Soa = [.. Record(Apex, DnsTestMessage.TypeSoa, rdata)];
            Transfer = [.. Soa, .. Body(serial, hosts), .. Soa];
        }

        public uint Serial { get; }

        public byte[] Soa { get; }

        public byte[] Transfer { get; }

        private static IEnumerable<byte> Record(ReadOnlySpan<byte> owner, ushort type, byte[] rdata) =>
        [
            .. owner, (byte)(type >> 8), (byte)type, 0, 1, 0, 0, 0x0E, 0x10, (byte)(rdata.Length >> 8), (byte)rdata.Length, .. rdata,
        ];

        private static List<byte> Body(uint serial, int hosts)
        {
            byte[] nameServer = [3, (byte)'n', (byte)'s', (byte)'1', .. Apex];
            List<byte> body = [.. Record(Apex, 2, nameServer), .. Record(nameServer, 1, [127, 0, 0, 1])];
            for (int host = 0; host < hosts; host++)
            {
                byte[] owner = [3, (byte)'h', (byte)('a' + (host / 26 % 26)), (byte)('a' + (host % 26)), .. Apex];
                byte[] address = host == 0
                    ? [198, 18, (byte)(serial >> 8), (byte)serial]
                    : [192, 0, (byte)(2 + (host / 250)), (byte)(1 + (host % 250))];
                body.AddRange(Record(owner, 1, address));
            }

            return body;
        }
    }
}
