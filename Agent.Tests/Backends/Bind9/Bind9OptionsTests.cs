using Agent.Actors.Backends;
using Agent.Backends.Bind9;
using Agent.Backends.Shared;
using Agent.Bench.Peers;

namespace Agent.Tests.Backends.Bind9;

public sealed class Bind9OptionsTests
{
    private static readonly Bind9Options Good = new("/zones") { KeySecret = RndcRecording.Secret };

    public static TheoryData<Bind9Options, string> Impossible => new()
    {
        { Good with { KeySecret = null }, "key-file" },
        { Good with { KeySecret = "not base64!" }, "key-secret" },
        { Good with { KeyAlgorithm = "hmac-crc32" }, "key-secret" },
        { Good with { ZoneDirectory = "/zo\"nes" }, "zone-directory" },
        { Good with { ZoneDirectory = "/zones\\" }, "zone-directory" },
        { Good with { View = "in side" }, "view" },
        { Good with { View = "x; reload" }, "view" },
        { Good with { ZoneOptions = "}; zone x {" }, "zone-options" },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void What_can_never_work_is_found_at_once(Bind9Options options, string setting)
    {
        BackendOptionsException error = Assert.Throws<BackendOptionsException>(() => new Bind9Backend(options, TimeProvider.System));

        Assert.Equal(setting, error.Setting);
        Assert.DoesNotContain("not base64!", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_file_that_appears_later_is_taken_then()
    {
        using TemporaryFolder folder = new("keyfile");
        RndcKey key = ScriptedNamed.NewKey();
        await using ScriptedNamed named = new(key, command => Task.FromResult<byte[]?>(command.Done("server is up and running")));
        string path = folder.Combine("rndc.key");
        Bind9Options options = new(folder.FullPath) { KeyFile = path, Port = named.Endpoint.Port };
        await using Bind9Backend backend = new(options, TimeProvider.System);
        BackendCaller caller = new(backend);

        OrderFinished missing = await caller.ProbeAsync();
        Assert.Equal(OrderOutcome.Away, missing.Outcome);
        Assert.Contains(path, missing.Reason!.Text, StringComparison.Ordinal);

        folder.Write("rndc.key", $"key \"k\" {{ algorithm hmac-sha256; secret \"{RndcRecording.Secret}\"; }};");
        Assert.Equal(OrderOutcome.Done, (await caller.ProbeAsync()).Outcome);
    }
}
