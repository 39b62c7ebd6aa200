using System.Net;
using System.Net.Sockets;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Bench.Peers;

namespace Agent.Tests.Dns.Transfers;

/// <summary>Takes a zone from a real server through our own machine.</summary>
internal static class PeerTransfer
{
    public static async Task<MemoryZoneContent> AxfrAsync(IPEndPoint server, DomainName zone)
    {
        using var deadline = new CancellationTokenSource(Eventually.Deadline);
        using var client = new TcpClient(server.AddressFamily);
        await client.ConnectAsync(server, deadline.Token);
        NetworkStream stream = client.GetStream();
        var query = new byte[TransferQuery.BufferSize];
        int length = TransferQuery.WriteAxfr(query, zone, TransferStreams.Id);
        await stream.WriteAsync(DnsSender.Frame(query.AsSpan(0, length)), deadline.Token);

        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        using var machine = new XfrMachine<ContentSink>(new XfrRequest { Apex = zone, Id = TransferStreams.Id }, new ContentSink(builder));
        XfrStatus status = XfrStatus.NeedMore;
        while (status == XfrStatus.NeedMore && await DnsSender.ReadFramedAsync(stream, deadline.Token) is { } message)
            status = machine.Step(message);
        Assert.True(status == XfrStatus.Complete, machine.Error.Text(machine.ResponseCode));
        return builder.TryBuild(out MemoryZoneContent? content) ? content : throw new InvalidOperationException(builder.Error.Text());
    }
}
