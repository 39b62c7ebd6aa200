namespace Agent.Tests.Architecture;

/// <summary>The directions of dependency over the whole tree.</summary>
public sealed class DependencyTests
{
    private static readonly SourceFile[] Actors = [.. SourceTree.CSharpFiles.Where(file => file.Project == "Agent.Actors")];

    [Fact]
    public void Projects_reference_downward_only()
    {
        Assert.Equal(DependencyRules.AllowedProjectReferences.Keys.Order(), SourceTree.ProjectReferences.Keys.Order());
        Assert.Equal([], DependencyRules.ProjectDirections(SourceTree.ProjectReferences));
    }

    [Fact]
    public void Rooms_of_the_actors_know_only_lower_ones() => FindingAssert.None(Actors.SelectMany(DependencyRules.ActorRoomDirections));

    [Fact]
    public void Actors_touch_nothing_outside() => FindingAssert.None(Actors.SelectMany(DependencyRules.ActorsTouchNothingOutside));

    [Fact]
    public void Actors_do_not_wait() =>
        FindingAssert.None(Actors.Where(file => file.Room != "Kernel").SelectMany(DependencyRules.ActorsDoNotWait));
}
