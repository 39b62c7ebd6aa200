using System.Net.Sockets;
using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Backends.Knot;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Wire;

namespace Agent.Tests.Backends.Knot;

/// <summary>Settings that cannot work, and a knotd that is none.</summary>
public sealed class KnotBackendTests
{
    private static readonly DomainName Zone = DomainName.Parse("target.example.");

    public static TheoryData<KnotOptions, string> Impossible => new()
    {
        { new KnotOptions("/zones") { Control = "" }, "control" },
        { new KnotOptions("/zones") { Control = "/run/a\nb" }, "control" },
        { new KnotOptions("/zones") { Control = "/" + new string('a', 107) }, "control" },
        { new KnotOptions("/zones") { Template = "" }, "template" },
        { new KnotOptions("/zones") { Template = "a\0b" }, "template" },
        { new KnotOptions("/zo\nnes"), "zone-directory" },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void What_can_never_work_is_found_at_once(KnotOptions options, string setting) =>
        Assert.Equal(setting, Assert.Throws<BackendOptionsException>(() => new KnotBackend(options, TimeProvider.System)).Setting);

    [Theory]
    [InlineData("", "closed the control connection")]
    [InlineData("00", "as it does when it stops")]
    [InlineData("01100001", "closed the control connection")]
    [InlineData("48545450", "does not speak knotd's control protocol")]
    public async Task An_answer_that_is_none_counts_as_away(string answer, string words)
    {
        await using ScriptedKnot knot = new(Convert.FromHexString(answer));
        await using KnotBackend backend = new(new KnotOptions(knot.ZoneFolder) { Control = knot.Path }, TimeProvider.System);
        BackendCaller caller = new(backend);

        OrderFinished[] answers =
            [await caller.ProbeAsync(), await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1)), await caller.RemoveAsync(Zone)];

        Assert.All(answers, finished =>
        {
            Assert.Equal((OrderOutcome.Away, ReasonCode.TargetAway), (finished.Outcome, finished.Reason!.Code));
            Assert.Contains(words, finished.Reason.Text, StringComparison.Ordinal);
            Assert.Contains(knot.Path, finished.Reason.Text, StringComparison.Ordinal);
        });
        Assert.Empty(Directory.GetFiles(knot.ZoneFolder, "*.zone"));
    }

    [Fact]
    public async Task An_error_in_the_answer_is_given_on_in_its_words()
    {
        // A unit with an error, and the end of the block: once for each command that is asked.
        byte[] failed = [1, 0x12, 0, 13, .. "out of memory"u8, 3];
        await using ScriptedKnot knot = new(failed);
        await using KnotBackend backend = new(new KnotOptions(knot.ZoneFolder) { Control = knot.Path }, TimeProvider.System);
        BackendCaller caller = new(backend);

        Assert.Equal(OrderOutcome.Away, (await caller.ProbeAsync()).Outcome);
        OrderFinished refused = await caller.ApplyAsync(Zone, SmallZone.Create(Zone, 1));
        ServedListed list = await caller.ListAsync();

        Assert.Equal(OrderOutcome.Refused, refused.Outcome);
        Assert.Contains("out of memory", refused.Reason!.Text, StringComparison.Ordinal);
        Assert.Contains("out of memory", list.Failure!.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, OrderOutcome.Done)]
    [InlineData(2, OrderOutcome.Away)]
    public async Task A_connection_that_knotd_gives_up_is_made_anew_once(int closed, OrderOutcome outcome)
    {
        await using ScriptedKnot knot = new([1, 0x1A, 0, 5, .. "3.2.6"u8, 3], closed);
        await using KnotBackend backend = new(new KnotOptions(knot.ZoneFolder) { Control = knot.Path }, TimeProvider.System);

        Assert.Equal(outcome, (await new BackendCaller(backend).ProbeAsync()).Outcome);
    }

    [Fact]
    public async Task A_socket_that_is_not_there_counts_as_away_and_is_named()
    {
        using TemporaryFolder folder = new("knot");
        await using KnotBackend backend = new(new KnotOptions(folder.FullPath) { Control = folder.Combine("none") }, TimeProvider.System);

        OrderFinished probe = await new BackendCaller(backend).ProbeAsync();

        Assert.Equal(OrderOutcome.Away, probe.Outcome);
        Assert.Contains(folder.Combine("none"), probe.Reason!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Orders_that_wait_are_answered_when_the_driver_is_closed()
    {
        using TemporaryFolder folder = new("knot");
        string path = folder.Combine("s");
        using Socket silent = new(
            AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        silent.Bind(new UnixDomainSocketEndPoint(path));
        silent.Listen();
        KnotBackend backend = new(new KnotOptions(folder.FullPath) { Control = path }, TimeProvider.System);
        BackendCaller caller = new(backend);
        Task<OrderFinished> probe = caller.ProbeAsync();
        Task<OrderFinished> remove = caller.RemoveAsync(Zone);

        await backend.DisposeAsync();

        Assert.All((OrderFinished[])[await probe, await remove], answer => Assert.Equal(OrderOutcome.Away, answer.Outcome));
    }
}
