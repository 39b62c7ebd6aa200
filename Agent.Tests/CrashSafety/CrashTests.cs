using System.Globalization;
using Agent.Bench.Peers;

namespace Agent.Tests.CrashSafety;

/// <summary>
/// The agent killed at moments that nobody chose, while CREATE, NOTIFY and DELETE are under way for several zones. AGENT_CRASH_ROUNDS
/// asks for more rounds, AGENT_CRASH_SEED for other ones.
/// </summary>
[Trait("Category", "Peer")]
public sealed class CrashTests
{
    private const int MillisecondsMax = 400;

    private static int Rounds => Number("AGENT_CRASH_ROUNDS", 5);

    [Theory]
    [InlineData("embedded")]
    [InlineData("zone-files")]
    [InlineData("bind9")]
    [InlineData("zone-files and bind9")]
    public async Task What_was_answered_holds_after_every_kill(string target)
    {
        ScriptedZone[] zones =
        [
            .. CrashFarm.ZonesOfEachSize("crash.example."),
            .. Enumerable.Range(0, 4).Select(i => new ScriptedZone($"z{i}.crash.example.", 1, hosts: 5)),
        ];
        await using CrashFarm farm = await CrashFarm.StartAsync(target, zones);
        int seed = Number("AGENT_CRASH_SEED", 20_261);
        Random random = new(seed);
        await farm.Agent.StartAsync();
        for (int round = 0; round < Rounds; round++)
        {
            using CancellationTokenSource dead = new();
            Task[] clients = [.. farm.Names.Select(zone => WorkOnAsync(farm, zone, new Random(random.Next()), dead.Token))];
            using (PeriodicTimer moment = new(TimeSpan.FromMilliseconds(1 + random.Next(MillisecondsMax))))
                await moment.WaitForNextTickAsync();
            await dead.CancelAsync();
            await farm.Agent.KillAsync();
            await Task.WhenAll(clients);
            await farm.Agent.StartAsync();
            await farm.PromisesHoldAsync(string.Create(CultureInfo.InvariantCulture, $"in round {round} of seed {seed}"));
        }

        await farm.EmptiesAsync();
    }

    private static async Task WorkOnAsync(CrashFarm farm, string zone, Random random, CancellationToken dead)
    {
        bool isAnswered = true;
        while (isAnswered && !dead.IsCancellationRequested)
        {
            isAnswered = !farm.MayBePresent(zone)
                ? await farm.CreateAsync(zone)
                : random.Next(3) == 0 ? await farm.DeleteAsync(zone) : await farm.ChangeAsync(zone);
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : otherwise;
}
