using System.Collections.Immutable;
using System.Text;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Host.Commands;
using Agent.Host.Composition;
using Agent.Host.Journal.Postgres;
using Agent.Host.Journal.Sqlite;
using Agent.Host.Nodes;
using Agent.Host.Releases;

namespace Agent.Tests.Releases;

/// <summary>The agent as a release to come: the next one expands, the one after it contracts what the next one has replaced.</summary>
internal static class OtherRelease
{
    /// <summary>Adds to link, records and tables, and works beside today's.</summary>
    public const string Next = "next";

    /// <summary>As the next one, and takes away what today's release still uses of the tables.</summary>
    public const string AfterNext = "after-next";

    private const int GreetingKind = 60;
    private const int UnknownNumber = 900;
    private const int UnknownOctets = 901;

    /// <summary>How many steps of the journal in PostgreSQL the next release knows.</summary>
    public static int NextPostgres { get; } = PostgresSchema.Steps.Length + 1;

    /// <summary>The same for SQLite.</summary>
    public static int NextSqlite { get; } = SqliteSchema.Steps.Length + 1;

    /// <summary>What starts an agent of that release instead of the program that is named behind it.</summary>
    public static string[] Launcher(string release) => ["dotnet", typeof(OtherRelease).Assembly.Location, "as-release", release];

    /// <summary>Runs the agent's command line as that release; the first argument is the program in whose place it stands.</summary>
    public static int Run(string release, string[] arguments)
    {
        bool contracts = release == AfterNext;
        AgentRelease ours = AgentRelease.Current;
        SchemaStep expand = SchemaStep.Expand(
            "ALTER TABLE zones ADD COLUMN next_note text; CREATE TABLE next_things (id integer PRIMARY KEY)");
        AgentRelease.Current = ours with
        {
            Link = new ProtocolRange(ours.Link.Lowest, ours.Link.Highest + 1),
            MoreKinds =
            [
                new MessageKind<NextGreeting>(
                    GreetingKind,
                    MessagePlace.Frame,
                    static (_, _) => { },
                    static (ref FieldReader _) => new NextGreeting(),
                    Since: ours.Link.Highest + 1),
            ],
            MoreFields = static writer =>
            {
                writer.Unsigned(UnknownNumber, 7);
                writer.Text(UnknownOctets, "what a later release says");
            },
            Postgres = [.. ours.Postgres, expand, .. Contraction(contracts, NextPostgres)],
            Sqlite = [.. ours.Sqlite, expand, .. Contraction(contracts, NextSqlite)],
            Begin = static (system, node, link) => system.ActorOf(GreeterActor.Props(node, link), "next-greeter"),
        };
        ClusterRecords.MoreMembers = static octets =>
            [.. octets.AsSpan(0, octets.Length - 1), .. Encoding.UTF8.GetBytes(""","nextMember":{"deep":[1,"two",null]}}""")];
        using var hangups = new Hangups();
        return CommandTree.RunAsync(arguments[1..], CommandConsole.OfProcess(), new ServiceEntry(hangups)).GetAwaiter().GetResult();
    }

    private static ImmutableArray<SchemaStep> Contraction(bool contracts, int oldestReader) =>
        contracts ? [SchemaStep.Contract(oldestReader, "DROP TABLE next_things")] : [];

    /// <summary>A message that today's release does not know.</summary>
    internal sealed record NextGreeting;

    /// <summary>Says it to every other node, now and then, whatever release that is.</summary>
    private sealed class GreeterActor(ClusterNode node, NodeLink link) : UntypedActor
    {
        private static readonly object Timer = new();

        private ClusterView _view = ClusterView.Empty;

        public static Props Props(ClusterNode node, NodeLink link) =>
            Actors.Kernel.Props.Create(static a => new GreeterActor(a.node, a.link), (node, link));

        protected internal override void PreStart()
        {
            node.View.Tell(new SubscribeView(Self), Self);
            Timers.StartPeriodicTimer(Timer, Timer, TimeSpan.FromMilliseconds(100));
        }

        protected internal override void OnReceive(object message)
        {
            if (message is ViewChanged changed) _view = changed.View;
            else foreach (string member in _view.Members.Keys) link.Send(member, new NextGreeting());
        }
    }
}
