using System.Net;
using System.Net.Sockets;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Bench.Peers;

namespace Agent.Tests.Transfers;

/// <summary>Transfers that fail: each ends with one message that says how, and leaves no file and no connection.</summary>
public sealed class TransferFailureTests
{
    private const string Name = "zone.example.";

    private readonly ScriptedZone _zone = new(Name, 1, hosts: 2000);

    public static TheoryData<string, TransferFailure, string> Scripts => new()
    {
        { "refused", TransferFailure.Refused, ReasonCode.TransferRefused },
        { "servfail", TransferFailure.Busy, ReasonCode.TransferRefused },
        { "servfail later", TransferFailure.Broken, ReasonCode.TransferBroken },
        { "close at once", TransferFailure.HungUp, ReasonCode.TransferBroken },
        { "reset at once", TransferFailure.HungUp, ReasonCode.TransferBroken },
        { "close in the first message", TransferFailure.HungUp, ReasonCode.TransferBroken },
        { "close later", TransferFailure.Broken, ReasonCode.TransferBroken },
        { "reset later", TransferFailure.Broken, ReasonCode.TransferBroken },
        { "wrong id", TransferFailure.Broken, ReasonCode.TransferBroken },
        { "garbage", TransferFailure.Broken, ReasonCode.TransferBroken },
        { "empty message", TransferFailure.Broken, ReasonCode.TransferBroken },
        { "other zone", TransferFailure.Broken, ReasonCode.TransferBroken },
    };

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task A_master_that_misbehaves_fails_its_own_transfer(string script, TransferFailure failure, string code)
    {
        await using ScriptedMaster master = new(query => Steps(script, query));
        await using var masters = new MasterClientFixture();
        TransferFailed failed = masters.TransferFails(master.EndPoint, Name);
        Assert.Equal((failure, code), (failed.Failure, failed.Reason.Code));
        Assert.Contains(Name, failed.Reason.Text, StringComparison.Ordinal);
        Assert.Equal(failed.Reason.Text.Replace($" of {Name}", ""), failed.MasterReason?.Text);
        await Eventually.HoldsAsync(() => master.ConnectionsOpen == 0, () => "the connection is gone");
    }

    [Fact]
    public async Task Nobody_listening_is_unreachable()
    {
        await using var masters = new MasterClientFixture();
        TransferFailed failed = masters.TransferFails(new IPEndPoint(IPAddress.Loopback, LoopbackPort.Next()), Name);
        Assert.Equal((TransferFailure.Unreachable, ReasonCode.NoMaster), (failed.Failure, failed.Reason.Code));
    }

    [Fact]
    public async Task A_connection_that_is_never_taken_ends_at_its_time()
    {
        // A full backlog: the handshake of one more connection is not completed.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        using var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await filler.ConnectAsync(listener.LocalEndPoint!);
        await using var masters = new MasterClientFixture();
        TransferLimits limits = MasterClientFixture.Generous with { ConnectTimeout = TimeSpan.FromMilliseconds(100) };
        TransferFailed failed = masters.TransferFails((IPEndPoint)listener.LocalEndPoint!, Name, limits);
        Assert.Equal(TransferFailure.Unreachable, failed.Failure);
        Assert.Contains("no connection within 0.1 s", failed.Reason.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Silence_ends_a_transfer(bool afterRecords)
    {
        await using ScriptedMaster master = new(query =>
            [.. afterRecords ? _zone.Answer(query).Take(2) : [], new MasterStep.Stall()]);
        await using var masters = new MasterClientFixture();
        TransferLimits limits = MasterClientFixture.Generous with { IdleTimeout = TimeSpan.FromMilliseconds(200) };
        TransferFailed failed = masters.TransferFails(master.EndPoint, Name, limits);
        Assert.Equal((TransferFailure.Broken, ReasonCode.TransferTimeout), (failed.Failure, failed.Reason.Code));
        await Eventually.HoldsAsync(() => master.ConnectionsOpen == 0 || Released(master), () => "the connection is gone");
    }

    [Fact]
    public async Task A_trickle_that_never_falls_silent_ends_when_it_is_too_slow()
    {
        await using ScriptedMaster master = new(query =>
            MasterClientFixture.Dripping(_zone, query, 1, TimeSpan.FromMilliseconds(2)));
        await using var masters = new MasterClientFixture();
        TransferLimits limits = MasterClientFixture.Generous with
        {
            TotalTimeout = TimeSpan.FromMilliseconds(300),
            MinimumBytesPerSecond = 100_000,
        };
        TransferFailed failed = masters.TransferFails(master.EndPoint, Name, limits);
        Assert.Equal((TransferFailure.Broken, ReasonCode.TransferTimeout), (failed.Failure, failed.Reason.Code));
        Assert.Contains("slower than 100000 bytes/s", failed.Reason.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100, 0)]
    [InlineData(0, 10_000)]
    public async Task A_zone_over_the_limit_is_stopped_there(long records, long bytes)
    {
        await using ScriptedMaster master = new(_zone);
        await using var masters = new MasterClientFixture();
        TransferFailed failed = masters.TransferFails(
            master.EndPoint, Name, MasterClientFixture.Generous with { MaxRecords = records, MaxBytes = bytes });
        Assert.Equal((TransferFailure.TooLarge, ReasonCode.TransferTooLarge), (failed.Failure, failed.Reason.Code));
    }

    [Fact]
    public async Task A_zone_of_just_the_limit_passes()
    {
        await using ScriptedMaster master = new(_zone);
        await using var masters = new MasterClientFixture();
        TransferLimits limits = MasterClientFixture.Generous with
        {
            MaxRecords = 2003,
            MaxBytes = MasterClientFixture.Expected(_zone).Length,
        };
        Assert.Equal(2003, masters.Transfer(master.EndPoint, Name, limits).Content.RecordCount);
    }

    [Fact]
    public async Task A_cancelled_transfer_is_answered_and_gone()
    {
        await using ScriptedMaster master = new(query => [.. _zone.Answer(query).Take(1), new MasterStep.Stall()]);
        await using var masters = new MasterClientFixture();
        long id = masters.Begin(master.EndPoint, Name);
        await Eventually.HoldsAsync(() => master.Queries.Count == 1, () => "the request arrived");
        masters.Client.Cancel(id + 1);
        masters.Client.Cancel(id);
        TransferFailed failed = Assert.IsType<TransferFailed>(masters.ExpectFinal());
        Assert.Equal((id, TransferFailure.GivenUp), (failed.Id, failed.Failure));
        masters.Client.Cancel(id);
        Assert.Empty(masters.SpoolFiles);
    }

    [Fact]
    public async Task Closing_the_client_answers_what_is_under_way()
    {
        await using ScriptedMaster master = new(_ => [new MasterStep.Stall()]);
        await using var masters = new MasterClientFixture();
        masters.Begin(master.EndPoint, Name);
        await Eventually.HoldsAsync(() => master.Queries.Count == 1, () => "the request arrived");
        await masters.Client.DisposeAsync();
        Assert.Equal(TransferFailure.GivenUp, Assert.IsType<TransferFailed>(masters.ExpectFinal()).Failure);
        masters.Begin(master.EndPoint, Name);
        Assert.Equal(TransferFailure.GivenUp, Assert.IsType<TransferFailed>(masters.ExpectFinal()).Failure);
    }

    [Fact]
    public async Task A_full_disk_fails_the_transfer_and_leaves_nothing()
    {
        ScriptedZone zone = new(Name, 1, hosts: 20_000);
        await using ScriptedMaster master = new(zone);
        await using var masters = new MasterClientFixture(
            createFile: path =>
            {
                File.WriteAllText(path, "begun");
                return new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
            });
        TransferFailed failed = masters.TransferFails(master.EndPoint, Name);
        Assert.Equal((TransferFailure.GivenUp, ReasonCode.JournalAway), (failed.Failure, failed.Reason.Code));
        Assert.Contains("cannot be spooled", failed.Reason.Text, StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => master.ConnectionsOpen == 0, () => "the connection is gone");
    }

    [Fact]
    public void What_an_earlier_process_left_in_the_spool_is_removed()
    {
        using var folder = new TemporaryFolder("spool");
        folder.Write("7.xfr", "half a zone");
        _ = new Host.Transfers.SpoolDirectory(folder.FullPath);
        Assert.Empty(Directory.GetFiles(folder.FullPath));
    }

    private static bool Released(ScriptedMaster master)
    {
        // The scripted master notices the closing only when its stalled step goes on.
        master.Release();
        return false;
    }

    private IEnumerable<MasterStep> Steps(string script, MasterQuery query)
    {
        MasterStep first = _zone.Answer(query).First();
        byte[] message = ((MasterStep.Send)first).Message;
        return script switch
        {
            "refused" => [new MasterStep.Send(ScriptedZone.Response(query, 5))],
            "servfail" => [new MasterStep.Send(ScriptedZone.Response(query, 2))],
            "servfail later" => [first, new MasterStep.Send(ScriptedZone.Response(query, 2))],
            "close at once" => [new MasterStep.Close()],
            "reset at once" => [new MasterStep.Reset()],
            "close in the first message" => [new MasterStep.SendOctets(DnsSender.Frame(message)[..100]), new MasterStep.Close()],
            "close later" => [first, new MasterStep.Close()],
            "reset later" => [first, new MasterStep.Reset()],
            "wrong id" => [new MasterStep.Send([(byte)~message[0], .. message[1..]])],
            "garbage" => [new MasterStep.SendOctets([0, 20, .. new byte[20]])],
            "empty message" => [new MasterStep.SendOctets([0, 0])],
            "other zone" => [new MasterStep.Send(ScriptedZone.Response(query, 0, new ScriptedZone("other.example.", 1).Soa))],
            _ => throw new ArgumentException(script),
        };
    }
}
