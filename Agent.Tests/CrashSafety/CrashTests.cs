using System.Globalization;
using Agent.Bench.Peers;
using Agent.Tests.Journal;

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
    public Task What_was_answered_holds_after_every_kill(string target) => KillRoundsAsync(target, null, static _ => Task.CompletedTask);

    /// <summary>In every second round the database dies at the same moment as the agent.</summary>
    [Fact]
    public async Task What_was_answered_holds_with_the_journal_in_postgresql()
    {
        await using PostgresServer server = await PostgresServer.StartedAsync();
        JournalDatabase journal = new(server, await PostgresJournalFixture.NewDatabaseAsync(server));
        await KillRoundsAsync("embedded", journal, async round =>
        {
            if (round % 2 == 0) return;
            await server.KillAsync();
            await server.StartAsync();
        });
    }

    private static async Task KillRoundsAsync(string target, JournalDatabase? journal, Func<int, Task> alsoKillAsync)
    {
        ScriptedZone[] zones =
        [
            .. CrashFarm.ZonesOfEachSize("crash.example."),
            .. Enumerable.Range(0, 4).Select(i => new ScriptedZone($"z{i}.crash.example.", 1, hosts: 5)),
        ];
        await using CrashFarm farm = await CrashFarm.StartAsync(target, journal, zones);
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
            await alsoKillAsync(round);
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
