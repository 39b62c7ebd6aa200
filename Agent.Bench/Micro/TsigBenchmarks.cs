using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using BenchmarkDotNet.Attributes;

namespace Agent.Bench.Micro;

/// <summary>A request signed and verified with HMAC-SHA256.</summary>
public class TsigBenchmarks
{
    private const ulong Now = 1_800_000_000;

    private readonly byte[] _buffer = new byte[1024];
    private readonly byte[] _mac = new byte[64];
    private readonly TsigKey _key = new(DomainName.Parse("transfer-key."), TsigAlgorithm.HmacSha256, new byte[32]);
    private TsigKeyring _keyring = TsigKeyring.Empty;
    private byte[] _signed = [];
    private int _plainLength;

    [GlobalSetup]
    public void Prepare()
    {
        MessageWriter writer = new(_buffer, 0x1234);
        if (!writer.TryWriteQuestion(DomainName.Parse("zone.example."), RecordType.SOA)) throw new InvalidOperationException("no room");
        _plainLength = writer.Length;
        _keyring = new TsigKeyring([_key]);
        int length = Sign();
        _signed = _buffer[..length];
    }

    [Benchmark(Description = "TSIG: request signed")]
    public int Sign()
    {
        int length = _plainLength;
        // The count of additional records, which the last signature raised.
        _buffer.AsSpan(10, 2).Clear();
        return TsigSigner.TrySignRequest(_buffer, ref length, _key, Now, _mac, out _)
            ? length
            : throw new InvalidOperationException("no room");
    }

    [Benchmark(Description = "TSIG: request verified")]
    public TsigVerification Verify()
    {
        TsigVerification verification = TsigVerifier.VerifyRequest(_signed, _keyring, Now);
        return verification.IsVerified ? verification : throw new InvalidOperationException($"{verification.Status}");
    }
}
