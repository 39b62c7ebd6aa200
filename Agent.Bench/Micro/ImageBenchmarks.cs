using System.Globalization;
using Agent.Bench.Journal;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using BenchmarkDotNet.Attributes;

namespace Agent.Bench.Micro;

/// <summary>The image that a zone is answered from.</summary>
public class ImageBenchmarks
{
    private const string Apex = "zone.example.";

    private ZoneContent _content = null!;
    private ZoneImage _image = null!;
    private byte[] _name = [];
    private byte[] _missing = [];
    private int _apexLength;

    /// <summary>Records of the zone.</summary>
    [Params(10, 10_000)]
    public int Records { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _content = SampleRows.Content(Apex, 1, Records);
        _image = Build()!;
        _name = DomainName.Parse(string.Create(CultureInfo.InvariantCulture, $"host{Records / 2}.{Apex}")).Wire.ToArray();
        _missing = DomainName.Parse("missing." + Apex).Wire.ToArray();
        _apexLength = DomainName.Parse(Apex).Wire.Length;
    }

    [Benchmark(Description = "image: built from the content")]
    public ZoneImage? Build()
    {
        ZoneContentError error = ZoneImage.TryBuild(_content, out ZoneImage? image);
        return error == ZoneContentError.None ? image : throw new InvalidOperationException($"{error}");
    }

    [Benchmark(Description = "image: set of a name")]
    public int FindSet()
    {
        int node = Find(_name);
        return _image.TryGetRrset(node, RecordType.A, out RrsetView set) ? set.Count : throw new InvalidOperationException("no such set");
    }

    [Benchmark(Description = "image: a name that is not there")]
    public int FindNothing() => Find(_missing);

    private int Find(ReadOnlySpan<byte> name)
    {
        Span<byte> key = stackalloc byte[CanonicalKey.MaximumLength];
        return _image.Find(key[..CanonicalKey.Write(name, _apexLength, key)]);
    }
}
