using System.Buffers.Binary;
using Agent.Backends.Tinydns;
using Agent.Bench.Peers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Backends.Contents;

namespace Agent.Tests.Backends.Tinydns;

/// <summary>A driver for a real tinydns, and a look at every record that data.cdb has and every answer that fits a datagram.</summary>
internal sealed class TinydnsTarget(TinydnsServer server, TinydnsOptions options)
    : ServerTarget(new TinydnsBackend(options, TimeProvider.System), server.EndPoint, () => server.Output, history: null)
{
    private readonly TinydnsServer _server = server;

    public TinydnsTarget(TinydnsServer server)
        : this(server, OptionsOf(server))
    {
    }

    /// <summary>tinydns looks into its file for each question.</summary>
    protected override bool ServesAtOnce => true;

    public static TinydnsOptions OptionsOf(TinydnsServer server) => new(server.Root, server.EndPoint);

    public override TinydnsTarget Again() => new(_server, options);

    public override async Task ServesAsync(ZoneContent content)
    {
        await ServedRrsets.EqualAsync(_server.EndPoint, content);
        HasEveryRecord(content);
    }

    /// <summary>By the key that tinydns looks for.</summary>
    private void HasEveryRecord(ZoneContent content)
    {
        using CdbReader data = new(_server.Data);
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            bool isWildcard = record.Owner.StartsWith("\u0001*"u8);
            byte[] key = record.Owner[(isWildcard ? 2 : 0)..].ToArray();
            NameBytes.Fold(key);
            byte[] wanted = new byte[15 + record.Rdata.Length];
            BinaryPrimitives.WriteUInt16BigEndian(wanted, (ushort)record.Type);
            wanted[2] = (byte)(isWildcard ? '*' : '=');
            BinaryPrimitives.WriteUInt32BigEndian(wanted.AsSpan(3), record.Ttl);
            record.Rdata.CopyTo(wanted.AsSpan(15));
            Assert.Contains(data.Find(key), held => held.AsSpan().SequenceEqual(wanted));
        }
    }
}
