using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Agent.Bench.Peers;

/// <summary>
/// A master whose own time hardly shows in what is measured behind it: any number of small zones with prepared answers (SOA by UDP and
/// TCP, AXFR of one message, also for IXFR), whose serials can be set while it runs. It counts what it was asked.
/// </summary>
public sealed class FastMaster : IAsyncDisposable
{
    private const int TypeOffsetFromEnd = 4;

    private readonly Dictionary<string, PreparedZone> _zones = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, PreparedZone>.AlternateLookup<ReadOnlySpan<char>> _byWire;
    private readonly MasterSockets _sockets;
    private long _soaQueries;
    private long _transfers;

    /// <summary>Serves these zones, each with this serial and as many records: SOA, NS, its address and hosts.</summary>
    /// <param name="at">Where it listens; a free port of this machine if not said.</param>
    public FastMaster(IEnumerable<string> zones, uint serial, int records = 10, IPEndPoint? at = null)
    {
        foreach (string name in zones)
        {
            _zones.Add(Key(DnsTestMessage.EncodeName(name)), new PreparedZone(name, serial, records));
        }

        _byWire = _zones.GetAlternateLookup<ReadOnlySpan<char>>();
        _sockets = at is null ? LoopbackPort.Open(IPAddress.Loopback, Listen) : Listen(at);
    }

    public IPEndPoint EndPoint => _sockets.EndPoint;

    public long SoaQueries => Volatile.Read(ref _soaQueries);

    public long Transfers => Volatile.Read(ref _transfers);

    /// <summary>The serial of every answer from now on. Any thread.</summary>
    public void SetSerial(string zone, uint serial) => _zones[Key(DnsTestMessage.EncodeName(zone))].Serial = serial;

    public uint SerialOf(string zone) => _zones[Key(DnsTestMessage.EncodeName(zone))].Serial;

    public ValueTask DisposeAsync() => _sockets.DisposeAsync();

    private MasterSockets Listen(IPEndPoint at) => new(at, Answer);

    private static string Key(ReadOnlySpan<byte> wire) => Encoding.Latin1.GetString(wire);

    /// <summary>0: no answer.</summary>
    private int Answer(ReadOnlySpan<byte> query, Span<byte> answer, bool isTcp)
    {
        if (query.Length < 17)
        {
            return 0;
        }

        int end = DnsTestMessage.SkipName(query, 12) + TypeOffsetFromEnd;
        Span<char> key = stackalloc char[end - TypeOffsetFromEnd - 12];
        for (int i = 0; i < key.Length; i++)
        {
            key[i] = (char)query[12 + i];
        }

        bool isKnown = _byWire.TryGetValue(key, out PreparedZone? zone);
        ushort type = BinaryPrimitives.ReadUInt16BigEndian(query[(end - TypeOffsetFromEnd)..]);
        bool isTransfer = isTcp && type is DnsTestMessage.TypeAxfr or DnsTestMessage.TypeIxfr;
        if (isKnown)
        {
            Interlocked.Increment(ref isTransfer ? ref _transfers : ref _soaQueries);
        }

        byte[] records = !isKnown ? [] : isTransfer ? zone!.Transfer : zone!.Soa;
        query[..end].CopyTo(answer);
        BinaryPrimitives.WriteUInt16BigEndian(answer[2..], (ushort)(isKnown ? 0x8400 : 0x8005));
        BinaryPrimitives.WriteUInt16BigEndian(answer[4..], 1);
        BinaryPrimitives.WriteUInt16BigEndian(answer[6..], (ushort)(!isKnown ? 0 : isTransfer ? zone!.TransferRecords : 1));
        BinaryPrimitives.WriteUInt32BigEndian(answer[8..], 0);
        records.CopyTo(answer[end..]);
        return end + records.Length;
    }

    private sealed class PreparedZone
    {
        private readonly int _serialOffset;
        private volatile Prepared _prepared;

        public PreparedZone(string name, uint serial, int records)
        {
            byte[] names = [.. DnsTestMessage.EncodeName("ns1." + name), .. DnsTestMessage.EncodeName("hostmaster." + name)];
            byte[] rdata = [.. names, .. new byte[20]];
            // Refresh, retry, expire, minimum: long ones, so that nothing but NOTIFY moves a zone.
            foreach ((int index, uint number) in ((uint[])[serial, 86_400, 3600, 864_000, 300]).Index())
            {
                BinaryPrimitives.WriteUInt32BigEndian(rdata.AsSpan(names.Length + (4 * index)), number);
            }

            byte[] soa = DnsTestMessage.Record(name, DnsTestMessage.TypeSoa, 3600, rdata);
            List<byte> body = [.. DnsTestMessage.Record(name, 2, 3600, DnsTestMessage.EncodeName("ns1." + name))];
            body.AddRange(DnsTestMessage.Record("ns1." + name, 1, 3600, [127, 0, 0, 1]));
            for (int host = 3; host < records; host++)
            {
                body.AddRange(DnsTestMessage.Record($"host{host}.{name}", 1, 300, [192, 0, 2, (byte)host]));
            }

            _serialOffset = soa.Length - 20;
            TransferRecords = Math.Max(records, 3) + 1;
            _prepared = new Prepared(serial, soa, [.. soa, .. body, .. soa]);
        }

        public int TransferRecords { get; }

        public byte[] Soa => _prepared.Soa;

        public byte[] Transfer => _prepared.Transfer;

        public uint Serial
        {
            get => _prepared.Serial;
            set
            {
                byte[] soa = [.. _prepared.Soa];
                byte[] transfer = [.. _prepared.Transfer];
                BinaryPrimitives.WriteUInt32BigEndian(soa.AsSpan(_serialOffset), value);
                BinaryPrimitives.WriteUInt32BigEndian(transfer.AsSpan(_serialOffset), value);
                BinaryPrimitives.WriteUInt32BigEndian(transfer.AsSpan(transfer.Length - soa.Length + _serialOffset), value);
                _prepared = new Prepared(value, soa, transfer);
            }
        }

        /// <summary>Exchanged as a whole, so that a transfer never mixes two serials.</summary>
        private sealed record Prepared(uint Serial, byte[] Soa, byte[] Transfer);
    }
}
