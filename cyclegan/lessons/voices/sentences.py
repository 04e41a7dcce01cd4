"""What the two voices say: sentences written for this lesson, plain ones with sounds of all kinds.

Those of X and of Y are disjoint; those held out are spoken by both voices.
"""

OF_X = """
The old clock in the hall struck nine as we came home.
She folded the blue paper into a small boat.
Fresh bread cools on the shelf beside the window.
A young fox crossed the road without a sound.
Please bring the ladder from behind the garage.
Their boat drifted slowly towards the quiet shore.
He measured the length of the rope twice.
Yellow leaves gathered under the garden bench.
The teacher drew a large circle on the board.
My brother plays the cello in a noisy kitchen.
Thick fog covered the valley until noon.
We found a silver button under the carpet.
Nobody noticed the change in the weather.
The judge asked for silence and a glass of water.
Put the heavy boxes near the southern door.
Three ships left the harbour before the storm.
I would rather walk than wait for the bus.
The engine coughed twice and then it stopped.
Her jacket smelled of smoke and oranges.
Children laughed as the puppet lost its hat.
A thin crack ran across the frozen pond.
Which of these keys opens the cellar?
The doctor wrote her answer in green ink.
They planted beans along the eastern wall.
The path winds through ferns and mossy stones.
Good soup needs salt, time and a heavy pot.
He pushed the cart up the narrow street.
The museum shows coins from eleven countries.
Rain tapped on the roof for most of the night.
Our neighbour raises bees and sells the honey.
You should have heard the echo in that cave.
The pilot pointed at a ridge of dark clouds.
She owes me a letter and two long stories.
Warm milk helps the baby fall asleep.
The thief hid the jewels in a jar of flour.
A wooden bridge leads over the shallow creek.
Both of them joined the choir in the spring.
The carpenter sharpened his chisel with care.
Pink light touched the tops of the mountains.
Why does the mirror turn left into right?
The goat chewed on a corner of the map.
Every evening the lamps are lit by hand.
Dust rose behind the wheels of the wagon.
He thanked the cook for a very good meal.
The queue stretched around the whole block.
Snow had buried the fence and half the shed.
A clever mouse lives behind our oven.
The choice between them was not an easy one.
Sugar dissolves faster in boiling tea.
They argued about the rules of the game.
The violin was repaired with glue and patience.
Push the red button if you hear a buzz.
"""

OF_Y = """
The baker opened his shop at half past five.
A grey heron stood still between the reeds.
We measured the room and ordered new curtains.
His uncle keeps a parrot that can whistle.
The train rolled past fields of ripe barley.
Leave your muddy boots outside the front door.
She chose a purple scarf and a yellow hat.
The river bends sharply below the old mill.
Nine students carried the piano upstairs.
Cold wind blew through a hole in the tent.
He pours the juice into a row of cups.
The answer is written on the back of the page.
An owl called twice from the top of the barn.
Their house was painted white last July.
Water dripped from the pipe above my desk.
The tailor lost his thimble in the dark.
I cannot remember the name of that village.
A bright star appeared above the chimney.
Mix the flour with butter and a pinch of salt.
The guard checked each ticket at the gate.
Those cherries are too sour for a cake.
We watched the kites until the light was gone.
The mayor gave a short speech in the square.
Her voice was calm, but her hands were shaking.
The dog buried a bone beneath the hedge.
Vines have grown over the broken statue.
Could you turn the volume down a little?
He joked about the weather and the price of fish.
The lake is deep enough for a large ship.
A loud crash woke everyone in the house.
Jars of jam were lined up on the shelf.
The farmer showed us how to shear a sheep.
We share a small office with two engineers.
Her father taught geography for thirty years.
Most of the bridge was built of local stone.
The cat refuses to leave the warm chair.
Tell the captain that the mast is damaged.
A pound of coffee costs more than it did.
The orchestra tuned while the guests sat down.
He searched his pockets for the missing coin.
Green moss covers the north side of the trees.
They cheered when the final whistle blew.
The smell of thyme filled the whole kitchen.
No one had touched the letters for years.
Six oxen pulled the plough across the field.
The nurse brought fresh sheets and a pillow.
Where did you put the scissors this morning?
The author wrote the first chapter by hand.
A spider spun its web across the doorway.
We usually have lunch under the chestnut tree.
The boys built a raft from barrels and rope.
Thunder rumbled far beyond the hills.
"""

HELD_OUT = """
A gentle breeze moved the leaves of the oak.
The clown juggled five oranges and a shoe.
Please close the window before it rains.
She has lived by the sea since she was four.
The library stays open until eight on Thursdays.
He threw a smooth stone into the well.
Who left this umbrella on the stairs?
The price of wool has gone up again.
We heard music from the house across the street.
A broken vase lay on the kitchen floor.
The judge and the lawyer are old friends.
Nothing grows in the shade of that wall.
They should arrive in about twenty minutes.
The horse jumped over the ditch with ease.
My watch is always seven minutes fast.
Good maps show every path and every stream.
The fire had burned down to a few red coals.
Your sister knows how to fix a flat tyre.
He spread the cloth and cut the cheese.
The moon rose late, round and very bright.
"""


def listed(text: str) -> tuple[str, ...]:
    return tuple(text.strip().splitlines())
