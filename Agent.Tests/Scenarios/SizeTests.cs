using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Agent.Bench.Measure;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>A zone of a million records through the running agent, and what that means for all others and for memory.</summary>
[Trait("Category", "Long")]
public sealed class SizeTests
{
    private const string Large = "large.example.";
    private const int LargeRecords = 1_000_000;
    private const int FewerRecords = 750_000;
    private const int SmallZones = 20;
    private const ushort TypeA = 1;

    // The unoptimized build of the tests, with runtime and libraries (about 90 MiB before any zone).
    private const double PeakMebibytesMax = 320;

    [Fact]
    public async Task Small_zones_are_created_and_changed_while_a_large_one_comes_in()
    {
        await using RecordedMaster master = new();
        await using AgentProcess agent = await StartAsync(master);
        master.Set(TransferRecording.Write(Large, 7, LargeRecords));
        for (int i = 0; i < SmallZones; i++)
        {
            master.Set(TransferRecording.Write(Small(i), 1, 10));
        }

        RecordedMaster.Hold halfway = master.HoldHalfway(Large);
        Task<DnsReply> large = agent.Worker.CreateAsync(Large);
        await halfway.Reached;
        for (int i = 0; i < SmallZones; i++)
        {
            await agent.Worker.CreateAcceptedAsync(Small(i));
        }

        await ChangeSmallZonesAsync(master, agent, 2);
        Assert.False(large.IsCompleted);
        Assert.Equal("transferring", (await agent.ZoneAsync(Large))!.Value.GetProperty("state").GetString());

        halfway.Release();
        // The rest comes in, is made durable and is put in place: nobody else waits for that either.
        for (uint serial = 3; !large.IsCompleted; serial++)
        {
            await ChangeSmallZonesAsync(master, agent, serial);
        }

        WorkerClient.EnsureAccepted(await large);
        Assert.Equal(7u, await WorkerClient.PollSerialAsync(agent.Dns, Large));
        await agent.ZoneIsOkAsync(Large, 7);
        Assert.InRange(ProcessTree.PeakOctets(agent.Process!.Id) >> 20, 1, PeakMebibytesMax);
    }

    [Fact]
    public async Task A_large_zone_is_served_as_it_came_and_replaced_whole()
    {
        await using RecordedMaster master = new();
        await using AgentProcess agent = await StartAsync(master);
        master.Set(TransferRecording.Write(Large, 7, LargeRecords));
        await agent.Worker.CreateAcceptedAsync(Large);

        Assert.Equal(LargeRecords, (await agent.ZoneAsync(Large))!.Value.GetProperty("records").GetInt64());
        await AnswersAsync(agent, "192.0.2.1");
        TransferRecording heard = await TransferRecording.HearAsync(agent.Dns, Large);
        Assert.Equal(LargeRecords + 1, CountRecords(heard));

        master.Set(TransferRecording.Write(Large, 8, FewerRecords, "192.0.2.2"));
        await agent.Worker.NotifyAcceptedAsync(Large);
        await agent.ZoneIsOkAsync(Large, 8);
        Assert.Equal(FewerRecords, (await agent.ZoneAsync(Large))!.Value.GetProperty("records").GetInt64());
        await AnswersAsync(agent, "192.0.2.2", FewerRecords);
    }

    private static Task<AgentProcess> StartAsync(RecordedMaster master) => AgentProcess.StartedAsync($$"""
        masters = ["{{master.EndPoint}}"]
        backend-driver = embedded
        allow-notify = ["127.0.0.1"]
        allow-transfer = ["127.0.0.1"]
        """);

    private static string Small(int i) => $"small{i.ToString(CultureInfo.InvariantCulture)}.example.";

    private static async Task ChangeSmallZonesAsync(RecordedMaster master, AgentProcess agent, uint serial)
    {
        for (int i = 0; i < SmallZones; i++)
        {
            master.Set(TransferRecording.Write(Small(i), serial, 10));
            await agent.Worker.NotifyAcceptedAsync(Small(i));
            await WorkerClient.ServedAsync(agent.Dns, Small(i), serial, () => agent.Output);
        }
    }

    private static async Task AnswersAsync(AgentProcess agent, string address, int records = LargeRecords)
    {
        const int OwnRecords = 3;
        byte[] expected = IPAddress.Parse(address).GetAddressBytes();
        int hosts = records - OwnRecords;
        foreach (int host in (int[])[0, 1, hosts / 3, hosts / 2, hosts - 2, hosts - 1])
        {
            DnsReply reply = await AskAddressAsync(agent, host);
            Assert.Equal((0, true), (reply.ResponseCode, reply.IsAuthoritative));
            Assert.Equal(expected, Assert.Single(reply.Records, record => record.Type == TypeA).Rdata);
        }

        Assert.Equal(3, (await AskAddressAsync(agent, hosts)).ResponseCode);
    }

    private static Task<DnsReply> AskAddressAsync(AgentProcess agent, int host) => agent.Worker.AskAsync(
        0x0100, $"h{host.ToString(CultureInfo.InvariantCulture)}.{Large}", TypeA, DnsTestMessage.ClassIn, WorkerClient.NotifyTimeout);

    private static long CountRecords(TransferRecording recording) => recording.FrameStarts
        .Sum(start => (long)BinaryPrimitives.ReadUInt16BigEndian(recording.Stream.AsSpan(start + 8)));
}
