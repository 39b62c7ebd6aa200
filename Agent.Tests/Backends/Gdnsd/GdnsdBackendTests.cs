using System.Net;
using Agent.Actors.Backends;
using Agent.Backends.Gdnsd;
using Agent.Backends.Shared;
using Agent.Bench.Peers;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.Gdnsd;

/// <summary>The driver against a gdnsd of the test's own, that counts and answers what a real one rarely does.</summary>
public sealed class GdnsdBackendTests
{
    private static readonly ZoneContent Content = SmallZone.Create("z.example.", 1);

    [Fact]
    public async Task Zones_that_wait_together_share_a_reload_and_one_connection()
    {
        const int Count = 300;
        using ManualResetEventSlim gate = new();
        await using ScriptedGdnsd server = new(_ =>
        {
            gate.Wait();
            return ScriptedGdnsd.Answer('A');
        });
        await using GdnsdBackend backend = Create(server);
        BackendCaller caller = new(backend);

        ZoneContent[] zones = [.. Enumerable.Range(0, Count).Select(i => SmallZone.Create($"z{i}.example.", 1))];
        Task<OrderFinished>[] orders = [.. zones.Select(zone => caller.ApplyAsync(zone.Apex, zone))];
        await Eventually.HoldsAsync(
            () => Directory.GetFiles(server.ZoneFolder, ".agent-*.tmp").Length + server.Files.Length == Count, () => "all are written");
        gate.Set();

        Assert.All(await Task.WhenAll(orders), answer => Assert.Equal(OrderOutcome.Done, answer.Outcome));
        Assert.InRange(server.Reloads, 1, 2);
        Assert.Equal(1, server.Connections);
        Assert.Equal(Count, server.Files.Length);
        Assert.Empty(Directory.GetFiles(server.ZoneFolder, ".agent-*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task The_culprits_of_many_are_found_by_halves()
    {
        const int Count = 256;
        string[] bad = ["z3.example", "z200.example"];
        await using ScriptedGdnsd server = new(gdnsd => ScriptedGdnsd.Answer(gdnsd.Files.Intersect(bad).Any() ? 'F' : 'A'));
        await using GdnsdBackend backend = Create(server);
        BackendCaller caller = new(backend);

        ZoneContent[] zones = [.. Enumerable.Range(0, Count).Select(i => SmallZone.Create($"z{i}.example.", 1))];
        OrderFinished[] answers = await Task.WhenAll(zones.Select(zone => caller.ApplyAsync(zone.Apex, zone)));

        Assert.Equal([3, 200], answers.Index().Where(answer => answer.Item.Outcome == OrderOutcome.Refused).Select(answer => answer.Index));
        Assert.Equal(Count - 2, answers.Count(answer => answer.Outcome == OrderOutcome.Done));
        Assert.Equal(Count - 2, server.Files.Length);
        // Two failures of at most eight halvings each, and what comes between them.
        Assert.InRange(server.Reloads, 5, 45);
    }

    [Fact]
    public async Task Later_is_asked_again_over_a_new_connection()
    {
        int asked = 0;
        await using ScriptedGdnsd server = new(_ => ScriptedGdnsd.Answer(Interlocked.Increment(ref asked) == 1 ? 'L' : 'A'));
        await using GdnsdBackend backend = Create(server);

        OrderFinished answer = await new BackendCaller(backend).ApplyAsync(Content.Apex, Content);

        Assert.Equal(OrderOutcome.Done, answer.Outcome);
        Assert.Equal(2, server.Connections);
    }

    [Theory]
    [InlineData('D', OrderOutcome.Refused, "denied")]
    [InlineData('U', OrderOutcome.Refused, "unknown request")]
    [InlineData('?', OrderOutcome.Refused, "no gdnsd gives")]
    [InlineData('\0', OrderOutcome.Away, "closed the control connection")]
    public async Task What_is_no_answer_to_work_with_changes_nothing(char key, OrderOutcome outcome, string text)
    {
        await using ScriptedGdnsd server = new(_ => key == '\0' ? null : ScriptedGdnsd.Answer(key));
        await using GdnsdBackend backend = Create(server);

        OrderFinished answer = await new BackendCaller(backend).ApplyAsync(Content.Apex, Content);

        Assert.Equal(outcome, answer.Outcome);
        Assert.Contains(text, answer.Reason!.Text, StringComparison.Ordinal);
        Assert.Empty(server.Files);
        Assert.Empty(Directory.GetFiles(server.ZoneFolder, ".agent-*", SearchOption.AllDirectories));
    }

    /// <summary>Else nobody would know why nothing gets through.</summary>
    [Fact]
    public async Task A_bad_file_of_somebody_else_makes_the_target_away_until_it_is_gone()
    {
        bool isBad = true;
        await using ScriptedGdnsd server = new(_ => ScriptedGdnsd.Answer(Volatile.Read(ref isBad) ? 'F' : 'A'));
        await using GdnsdBackend backend = Create(server);
        BackendCaller caller = new(backend);
        Assert.Equal(OrderOutcome.Done, (await caller.ProbeAsync()).Outcome);

        Assert.Equal(OrderOutcome.Away, (await caller.ApplyAsync(Content.Apex, Content)).Outcome);
        for (int round = 0; round < 2; round++)
        {
            OrderFinished probed = await caller.ProbeAsync();
            Assert.Equal(OrderOutcome.Away, probed.Outcome);
            Assert.Contains("it does not take a file in", probed.Reason!.Text, StringComparison.Ordinal);
        }

        Volatile.Write(ref isBad, false);
        Assert.Equal(OrderOutcome.Done, (await caller.ProbeAsync()).Outcome);
        int reloads = server.Reloads;
        Assert.Equal(OrderOutcome.Done, (await caller.ProbeAsync()).Outcome);
        Assert.Equal(reloads, server.Reloads);
        Assert.Equal(OrderOutcome.Done, (await caller.ApplyAsync(Content.Apex, Content)).Outcome);
    }

    /// <summary>Put in place and taken back again, it would be seen and gone for a gdnsd that starts meanwhile, which ends then.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_is_put_in_place_for_a_gdnsd_that_is_away(bool wasThere)
    {
        await using ScriptedGdnsd server = new(_ => ScriptedGdnsd.Answer('A'));
        await using GdnsdBackend backend = Create(server);
        BackendCaller caller = new(backend);
        OrderFinished before = await (wasThere ? caller.ApplyAsync(Content.Apex, Content) : caller.ProbeAsync());
        Assert.Equal(OrderOutcome.Done, before.Outcome);
        await server.EndAsync();
        DateTime longAgo = new(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        string[] beside = Directory.GetDirectories(server.ZoneFolder, ".agent-*");
        Assert.Equal(2, beside.Length);
        foreach (string folder in beside)
            Directory.SetLastWriteTimeUtc(folder, longAgo);

        foreach (string name in (string[])["z.example.", "other.example."])
        {
            ZoneContent content = SmallZone.Create(name, 2);
            OrderFinished order = await caller.ApplyAsync(content.Apex, content);
            Assert.Equal(OrderOutcome.Away, order.Outcome);
            Assert.Contains("cannot be reached", order.Reason!.Text, StringComparison.Ordinal);
        }

        Assert.All(beside, folder => Assert.Equal(longAgo, Directory.GetLastWriteTimeUtc(folder)));
        Assert.Equal(wasThere ? ["z.example"] : [], server.Files);
    }

    /// <summary>Another driver may have the folder next, as where a target is configured anew.</summary>
    [Fact]
    public async Task A_closed_driver_leaves_the_folder_alone()
    {
        for (int round = 0; round < 5; round++)
        {
            using ManualResetEventSlim gate = new();
            await using ScriptedGdnsd server = new(_ =>
            {
                gate.Wait();
                return ScriptedGdnsd.Answer('A');
            });
            GdnsdBackend backend = Create(server);
            BackendCaller caller = new(backend);
            ZoneContent[] zones = [.. Enumerable.Range(0, 200).Select(i => SmallZone.Create($"z{i}.example.", 1))];
            Task<OrderFinished>[] orders = [.. zones.Select(zone => caller.ApplyAsync(zone.Apex, zone))];
            await Eventually.HoldsAsync(() => server.Reloads == 1, () => "it is told to reload");

            await backend.DisposeAsync();

            string[] left = Directory.GetFiles(server.ZoneFolder, "*", SearchOption.AllDirectories);
            gate.Set();
            await Task.WhenAll(orders);
            Assert.True(left.Length == 0, string.Join(", ", left));
        }
    }

    [Fact]
    public async Task The_probe_names_the_run_and_needs_the_folder()
    {
        await using ScriptedGdnsd server = new(_ => ScriptedGdnsd.Answer('A'));
        await using GdnsdBackend backend = Create(server);
        BackendCaller caller = new(backend);

        OrderFinished first = await caller.ProbeAsync();
        OrderFinished second = await caller.ProbeAsync();
        Directory.Delete(server.ZoneFolder, recursive: true);
        OrderFinished order = await caller.RemoveAsync(Content.Apex);
        OrderFinished third = await caller.ProbeAsync();

        Assert.StartsWith("process 7, ", first.ServerRun, StringComparison.Ordinal);
        Assert.Equal(first.ServerRun, second.ServerRun);
        Assert.Equal(OrderOutcome.Away, order.Outcome);
        Assert.Equal(OrderOutcome.Away, third.Outcome);
        Assert.False(Directory.Exists(server.ZoneFolder));
        Assert.Contains("not there", third.Reason!.Text, StringComparison.Ordinal);
        Assert.Equal(1, server.Connections);
    }

    [Theory]
    [InlineData("")]
    [InlineData("relative.sock")]
    public void A_socket_needs_a_path(string path)
    {
        BackendOptionsException problem = Assert.Throws<BackendOptionsException>(
            () => new GdnsdBackend(new GdnsdOptions(path, "/zones", new IPEndPoint(IPAddress.Loopback, 1)), TimeProvider.System));
        Assert.Contains("control", problem.Message, StringComparison.Ordinal);
    }

    // Nobody answers DNS there, so nothing is compared.
    private static GdnsdBackend Create(ScriptedGdnsd server)
    {
        IPEndPoint nobody = new(IPAddress.Loopback, LoopbackPort.Next());
        return new GdnsdBackend(new GdnsdOptions(server.ControlPath, server.ZoneFolder, nobody), TimeProvider.System);
    }
}
