from quarry.stone import Stone as Stone
