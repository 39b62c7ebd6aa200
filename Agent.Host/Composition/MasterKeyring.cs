using Agent.Dns.Tsig;
using Agent.Host.Transfers;

namespace Agent.Host.Composition;

/// <summary>Signs requests to masters with the keys in force, and judges what comes back.</summary>
internal sealed class MasterKeyring(KeyStore keys, TimeProvider clock) : ITransferKeyring
{
    public ITransferSignature? Begin(string keyName) => keys.Find(keyName) is { } key ? new Signature(key, clock) : null;

    private sealed class Signature(TsigKey key, TimeProvider clock) : ITransferSignature
    {
        private readonly byte[] _requestMac = new byte[TsigAlgorithms.MaximumMacLength];
        private int _requestMacLength;
        private TsigStreamVerifier? _stream;

        public int SizeMaximum => key.SignatureBytesMax;

        public bool IsLastSigned => _stream?.IsLastSigned ?? false;

        public string Error { get; private set; } = "";

        public int Sign(Span<byte> buffer, int length)
        {
            if (!TsigSigner.TrySignRequest(buffer, ref length, key, NowSeconds, _requestMac, out _requestMacLength))
                throw new ArgumentException("no room for the signature", nameof(buffer));
            return length;
        }

        public bool Accept(ReadOnlySpan<byte> message)
        {
            _stream ??= new TsigStreamVerifier(key, _requestMac.AsSpan(0, _requestMacLength));
            TsigStatus status = _stream.Accept(message, NowSeconds);
            if (status is TsigStatus.Verified or TsigStatus.Unsigned) return true;
            Error = $"the signature under key {key.Name} is not good: {status}";
            return false;
        }

        private ulong NowSeconds => (ulong)clock.GetUtcNow().ToUnixTimeSeconds();
    }
}
