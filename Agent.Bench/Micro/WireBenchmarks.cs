using System.Net;
using Agent.Dns.Wire;
using BenchmarkDotNet.Attributes;

namespace Agent.Bench.Micro;

/// <summary>Messages and names.</summary>
public class WireBenchmarks
{
    private const string Text = "host7.customer-zone.example.com.";
    private const int Records = 13;

    private readonly byte[] _buffer = new byte[4096];
    private readonly byte[] _owner = new byte[NameReader.MaximumLength];
    private readonly byte[] _address = IPAddress.Parse("192.0.2.7").GetAddressBytes();
    private readonly DomainName _name = DomainName.Parse(Text);
    private readonly DomainName _other = DomainName.Parse(Text.ToUpperInvariant());
    private readonly DomainName _zone = DomainName.Parse("example.com.");
    private byte[] _message = [];

    [GlobalSetup]
    public void Prepare() => _message = _buffer[..WriteMessage()];

    /// <summary>A question and thirteen records with compressed owners.</summary>
    [Benchmark(Description = "writer: message of 13 records")]
    public int WriteMessage()
    {
        MessageWriter writer = new(_buffer, 0x1234, 0x8400);
        bool isWritten = writer.TryWriteQuestion(_name, RecordType.A);
        for (int record = 0; record < Records; record++)
            isWritten &= writer.TryWriteRecord(MessageSection.Answer, _name.Wire, RecordType.A, RecordClass.IN, 300, _address);
        return isWritten ? writer.Length : throw new InvalidOperationException("no room");
    }

    [Benchmark(Description = "reader: message of 13 records, owners copied")]
    public int ReadMessage()
    {
        MessageReader reader = new(_message);
        int octets = reader.TryReadQuestion(out _) ? 0 : throw new InvalidOperationException($"{reader.Error}");
        while (reader.TryReadRecord(out RecordView record))
        {
            if (record.TryCopyOwner(_owner, out int length)) octets += length + record.Rdata.Length;
        }

        return reader.AtEnd ? octets : throw new InvalidOperationException($"{reader.Error}");
    }

    [Benchmark(Description = "names: from text")]
    public DomainName ParseName() => DomainName.Parse(Text);

    [Benchmark(Description = "names: from the wire")]
    public DomainName? NameFromWire() => DomainName.TryFromWire(_name.Wire, out DomainName? name) ? name : null;

    [Benchmark(Description = "names: to text")]
    public string NameToText() => _name.ToString();

    [Benchmark(Description = "names: equal but for case")]
    public bool EqualNames() => NameBytes.Equal(_name.Wire, _other.Wire);

    [Benchmark(Description = "names: canonical order")]
    public int CompareNames() => NameBytes.Compare(_name.Wire, _other.Wire);

    [Benchmark(Description = "names: below a zone")]
    public bool IsBelow() => _name.IsSameOrBelow(_zone);

    [Benchmark(Description = "names: stable hash")]
    public ulong HashName() => NameBytes.StableHash(_name.Wire);
}
