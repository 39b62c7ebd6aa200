using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Shared;

public sealed class ServedZoneReaderTests : IDisposable
{
    private const ushort NotAuth = 0x8009;
    private const ushort ServFail = 0x8002;

    private static readonly DomainName Zone = DomainName.Parse("target.example.");

    private readonly TemporaryFolder _spool = new("reader");

    public void Dispose() => _spool.Dispose();

    /// <summary>Knot says NOTAUTH to a transfer of a zone that it does not have, and of one that it does not let us transfer.</summary>
    [Fact]
    public async Task Absent_is_only_what_the_server_does_not_have_by_a_query_either()
    {
        ServedZone absent = await ReadAsync(query => ScriptedDnsServer.Answer(query, NotAuth));
        ServedZone closed = await ReadAsync(query => ScriptedDnsServer.AnswerSoa(query, 7));
        ServedZone broken = await ReadAsync(query => ScriptedDnsServer.Answer(query, ServFail));

        Assert.Equal(ServedZoneOutcome.Absent, absent.Outcome);
        Assert.Equal(ServedZoneOutcome.Refused, closed.Outcome);
        Assert.Contains("does not let us transfer it", closed.Text, StringComparison.Ordinal);
        Assert.Contains("serial 7", closed.Text, StringComparison.Ordinal);
        Assert.Equal(ServedZoneOutcome.Refused, broken.Outcome);
    }

    private async Task<ServedZone> ReadAsync(Func<byte[], byte[]> soa)
    {
        await using ScriptedDnsServer server = new(query => [soa(query)], query => ScriptedDnsServer.Answer(query, NotAuth));
        return await new ServedZoneReader(server.EndPoint, _spool.FullPath, TimeProvider.System)
            .ReadAsync(Zone, key: null, maximumBytes: 1 << 20, CancellationToken.None);
    }
}
